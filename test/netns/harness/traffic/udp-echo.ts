/** Sends every datagram back to where it came from: `udp-echo.ts HOST PORT`. */
import { createSocket } from "node:dgram";

const [host = "", port = ""] = process.argv.slice(2);
const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", recvBufferSize: 4 * 1024 * 1024 });
socket.on("message", (message, from) => socket.send(message, from.port, from.address));
socket.bind(Number(port), host, () => console.log("listening"));

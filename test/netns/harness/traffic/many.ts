/**
 * Concurrent uploads over one TCP connection each: `many.ts URL CONNECTIONS BYTES`. All connections are open before
 * the first byte moves. Prints {"connections", "equal", "at_once"}.
 */
import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const [url = "", connections = "100", bytes = "65536"] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url);

async function open(): Promise<Socket> {
  const socket = connect(Number(port), hostname);
  return await new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

async function upload(socket: Socket): Promise<boolean> {
  const body = randomBytes(Number(bytes));
  socket.write(
    `PUT ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\ncontent-length: ${bytes}\r\n\r\n`,
  );
  socket.write(body);
  let text = "";
  for await (const chunk of socket.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
  return text.includes(createHash("sha256").update(body).digest("hex"));
}

const sockets = await Promise.all(Array.from({ length: Number(connections) }, open));
const atOnce = sockets.filter(({ readyState }) => readyState === "open").length;
const outcomes = await Promise.all(sockets.map(upload));
console.log(JSON.stringify({ connections: sockets.length, at_once: atOnce, equal: outcomes.filter(Boolean).length }));

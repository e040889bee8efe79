/** Accepts TCP connections and never says a word: `silent-server.ts HOST PORT`. */
import { createServer } from "node:net";

const [host = "", port = ""] = process.argv.slice(2);
createServer((socket) => void socket.on("error", () => undefined).resume()).listen(Number(port), host, () =>
  console.log("listening"),
);

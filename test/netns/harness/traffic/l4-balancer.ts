/**
 * A TCP balancer that knows nothing of what it carries: `l4-balancer.ts PORT HOST:PORT…` gives each connection to the next
 * server in turn, and to the one after it when that refuses.
 */
import { connect, createServer, type Socket } from "node:net";

const [port = "", ...servers] = process.argv.slice(2);
let turn = 0;

function serve(client: Socket, attempts: number): void {
  const [host = "", serverPort = ""] = (servers[turn++ % servers.length] ?? "").split(":");
  const server = connect(Number(serverPort), host);
  server.once("error", () => {
    if (attempts > 1) serve(client, attempts - 1);
    else client.resetAndDestroy();
  });
  server.once("connect", () => {
    server.removeAllListeners("error");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.pipe(other);
      one.on("error", () => other.resetAndDestroy());
      one.on("close", () => other.destroy());
    }
  });
}

createServer((client) => {
  client.setNoDelay(true).on("error", () => undefined);
  serve(client, servers.length);
}).listen(Number(port), "0.0.0.0", () => console.log("listening"));

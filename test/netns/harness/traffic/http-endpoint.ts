/**
 * An HTTP endpoint that answers with its name: `http-endpoint.ts HOST PORT NAME DELAY_MS BACKLOG`; GET /health at once, anything else
 * after the delay. Each connection carries one request.
 */
import { createServer } from "node:http";

const [host = "", port = "", name = "", delay = "", backlog = ""] = process.argv.slice(2);
const server = createServer({ keepAlive: false }, (request, response) => {
  const wait = request.url === "/health" ? 0 : Number(delay);
  setTimeout(() => response.end(name), wait);
});
server.listen(Number(port), host, Number(backlog), () => console.log("listening"));

/**
 * Greets, sends back what comes and ends behind the other's end: `tcp-echo.ts HOST PORT NAME`. Prints a line for each
 * connection that is reset.
 */
import { createServer } from "node:net";

const [host = "", port = "", name = ""] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.write(`${name} ready\n`);
  socket.pipe(socket);
  socket.on("error", ({ code }: NodeJS.ErrnoException) => console.log(code));
});
server.listen(Number(port), host, () => console.log("listening"));

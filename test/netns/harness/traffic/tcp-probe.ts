/**
 * One TCP connection to the end: `tcp-probe.ts HOST PORT half-close|reset|idle SECONDS`. Prints {"got", "ended", "error"}.
 * half-close: says "question", ends its direction, reads to the end. reset: says a line and resets. idle: says a line,
 * waits so long, says another.
 */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const [host = "", port = "", what = "", seconds = "0"] = process.argv.slice(2);
const socket = connect({ host, port: Number(port), allowHalfOpen: true });
const outcome = { got: "", ended: false, error: "" };
const over = Promise.withResolvers<void>();
socket.setEncoding("utf8").on("data", (text: string) => (outcome.got += text));
socket.on("end", () => (outcome.ended = true));
socket.on("error", ({ code }: NodeJS.ErrnoException) => (outcome.error = code ?? ""));
socket.on("close", () => over.resolve());
socket.write("question\n");
if (what === "half-close") {
  socket.end();
} else {
  while (!outcome.got.includes("question") && outcome.error === "") await delay(5);
  if (what === "idle") {
    await Promise.race([delay(Number(seconds) * 1000), over.promise]);
    socket.end("later\n");
  } else {
    socket.resetAndDestroy();
  }
}
await over.promise;
console.log(JSON.stringify(outcome));
// A wait that a reset cut short is not waited for.
process.exit();

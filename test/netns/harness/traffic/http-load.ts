/**
 * GET requests, each on a connection of its own: `http-load.ts HOST PORT CONCURRENCY [TOTAL]`; without a total until
 * SIGTERM. Prints {"ok", "failed": {code: n}, "answers": {body: n}, "longest_ms"}.
 */
import { connect } from "node:net";

const [host = "", port = "", concurrency = "1", total = "Infinity"] = process.argv.slice(2);
const failed: Record<string, number> = {};
const answers: Record<string, number> = {};
let left = Number(total);
let ok = 0;
let longest = 0;

function get(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(30_000, () => socket.destroy(Object.assign(new Error("silent"), { code: "SILENT" })));
    socket.on("connect", () => socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`));
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("error", reject);
    socket.on("end", () => {
      const body = /^HTTP\/1\.1 200 [^]*\r\n\r\n([^]*)$/.exec(text)?.[1];
      if (body === undefined) reject(Object.assign(new Error("no answer"), { code: "NO_ANSWER" }));
      else resolve(body.replace(/^[0-9a-f]+\r\n([^]*)\r\n0\r\n\r\n$/, "$1"));
    });
  });
}

async function worker(): Promise<void> {
  while (left > 0) {
    left -= 1;
    const begun = performance.now();
    try {
      const body = await get();
      answers[body] = (answers[body] ?? 0) + 1;
      ok += 1;
    } catch (error) {
      const { code = "ERROR" } = error as { code?: string };
      failed[code] = (failed[code] ?? 0) + 1;
    }
    longest = Math.max(longest, performance.now() - begun);
  }
}

process.once("SIGTERM", () => (left = 0));
console.log("connected");
await Promise.all(Array.from({ length: Number(concurrency) }, worker));
console.log(JSON.stringify({ ok, failed, answers, longest_ms: Math.round(longest) }));

/**
 * An HTTP service of plain bytes, run inside a namespace: `service.js HOST PORT`.
 *
 *     GET /bytes?count=N               N bytes
 *     GET /stream?seconds=S&mbps=M     bytes for S seconds at M Mbit/s
 *     PUT /upload                      answers with {bytes, sha256} of what arrived
 *
 * Bodies of GET end with the trailer `digest: sha-256=HEX` of what was sent.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { byteBlocks } from "./bytes.ts";

const tickMillis = 10;

async function send(
  response: ServerResponse,
  blocks: Iterable<Buffer>,
  pace?: (sent: number) => Promise<boolean>,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/octet-stream", trailer: "digest" });
  const hash = createHash("sha256");
  let sent = 0;
  for (const block of blocks) {
    if (response.destroyed || (pace !== undefined && !(await pace(sent)))) break;
    hash.update(block);
    sent += block.length;
    if (!response.write(block)) await drained(response);
  }
  response.addTrailers({ digest: `sha-256=${hash.digest("hex")}` });
  response.end();
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve).once("close", resolve);
  await promise;
  response.off("drain", resolve).off("close", resolve);
}

/** Answers "go on" when the next block is due at this rate, and "stop" when the time is over. */
function paced(seconds: number, mbps: number): (sent: number) => Promise<boolean> {
  const start = performance.now();
  const bytesPerMilli = mbps * 125;
  return async (sent) => {
    let elapsed = performance.now() - start;
    for (; elapsed < seconds * 1000 && sent > elapsed * bytesPerMilli; elapsed = performance.now() - start) {
      await delay(tickMillis);
    }
    return elapsed < seconds * 1000;
  };
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  response.end(JSON.stringify({ bytes, sha256: hash.digest("hex") }));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://service");
  const number = (name: string): number => Number(searchParams.get(name));
  if (pathname === "/upload") await receive(request, response);
  else if (pathname === "/bytes") await send(response, byteBlocks(number("count")));
  else if (pathname === "/stream") {
    await send(response, byteBlocks(Infinity), paced(number("seconds"), number("mbps")));
  } else response.writeHead(404).end();
}

const [host = "", port = ""] = process.argv.slice(2);
createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
})
  .on("connection", (socket) => socket.setNoDelay(true))
  .listen(Number(port), host, () => console.log("listening"));

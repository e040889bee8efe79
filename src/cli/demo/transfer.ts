/**
 * One checksummed transfer over one TCP connection: `transfer.js down URL` or `transfer.js up URL BYTES`.
 * Prints a JSON line four times a second, `{"at": s, "bytes": n}`, and a last one, see TransferResult.
 */
import { createHash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { byteBlocks } from "./bytes.ts";

/** The last line that `transfer.js` prints. */
export interface TransferResult {
  done: true;
  bytes: number;
  seconds: number;
  sha256_sent: string;
  sha256_received: string;
  equal: boolean;
  /** The longest time in which no byte moved. */
  longest_gap_ms: number;
  /** This side's address of the connection. */
  local_address: string;
}

class Meter {
  #start = performance.now();
  #last: number | undefined;
  #gap = 0;
  #bytes = 0;

  count(bytes: number): void {
    const now = performance.now();
    this.#gap = Math.max(this.#gap, now - (this.#last ?? now));
    this.#last = now;
    this.#bytes += bytes;
  }

  progress(): { at: number; bytes: number } {
    return { at: this.#seconds(performance.now()), bytes: this.#bytes };
  }

  result(sent: string, received: string, socket: Socket): TransferResult {
    return {
      done: true,
      bytes: this.#bytes,
      seconds: this.#seconds(this.#last ?? this.#start),
      sha256_sent: sent,
      sha256_received: received,
      equal: sent === received,
      longest_gap_ms: Math.round(this.#gap),
      local_address: socket.localAddress ?? "",
    };
  }

  #seconds(now: number): number {
    return Math.round(now - this.#start) / 1000;
  }
}

async function responseOf(outgoing: ReturnType<typeof request>): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once("response", resolve).once("error", reject);
  return await promise;
}

async function down(url: string, meter: Meter): Promise<TransferResult> {
  const outgoing = request(url).end();
  const response = await responseOf(outgoing);
  const { socket } = response;
  const hash = createHash("sha256");
  for await (const chunk of response as AsyncIterable<Buffer>) {
    meter.count(chunk.length);
    hash.update(chunk);
  }
  const sent = (response.trailers["digest"] ?? "").replace("sha-256=", "");
  return meter.result(sent, hash.digest("hex"), socket);
}

async function up(url: string, bytes: number, meter: Meter): Promise<TransferResult> {
  const outgoing = request(url, { method: "PUT" });
  const answered = responseOf(outgoing);
  const hash = createHash("sha256");
  for (const block of byteBlocks(bytes)) {
    hash.update(block);
    const { promise, resolve } = Promise.withResolvers<void>();
    if (!outgoing.write(block, () => meter.count(block.length))) {
      outgoing.once("drain", resolve);
      await Promise.race([promise, answered]);
    }
  }
  outgoing.end();
  const response = await answered;
  const { socket } = response;
  let text = "";
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
  return meter.result(hash.digest("hex"), (JSON.parse(text) as { sha256: string }).sha256, socket);
}

const [direction = "", url = "", bytes = "0"] = process.argv.slice(2);
const meter = new Meter();
const ticker = setInterval(() => console.log(JSON.stringify(meter.progress())), 250);
const result = await (direction === "up" ? up(url, Number(bytes), meter) : down(url, meter));
clearInterval(ticker);
console.log(JSON.stringify(result));

/**
 * Many sessions with one link each, spoken by hand: `crowd.ts HOST PORT DIRECTORY NAME COUNT`, with DIRECTORY/NAME.crt and so
 * on. Keeps them alive until SIGTERM; a link that ends is tried again each second. Then prints {"open", "ended", "again"}:
 * links that never ended, those that did with when (milliseconds since the epoch), and how each later attempt ended.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { connect, createSecureContext } from "node:tls";
import { controlFrame, frameHeaderBytes, frameType } from "../../../../src/daemon/link/frame.ts";
import { encodeHello, encodePong } from "../../../../src/daemon/link/messages.ts";

const [host = "", port = "", directory = "", name = "", wanted = "0"] = process.argv.slice(2);
const count = Number(wanted);
const read = (file: string): Buffer => readFileSync(path.join(directory, file));
const secureContext = createSecureContext({
  cert: read(`${name}.crt`),
  key: read(`${name}.key`),
  ca: read("ca.crt"),
});
const capabilities = { checksum: false, tso4: false, tso6: false, uso: false, zstd: false };
const hello = { version: 1, intent: "new", epoch: 0n, linkIndex: 0, capabilities, mtu: 1500 } as const;

let open = 0;
const ended: number[] = [];
const again: Record<string, number> = {};
let stopping = false;

/** Resolves when WELCOME came; `over` is called once when the link ends, before or after. */
function link(over: (welcomed: boolean, why: string) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({
    host,
    port: Number(port),
    secureContext,
    ALPNProtocols: ["sssonector/1"],
    checkServerIdentity: () => undefined,
  });
  let welcomed = false;
  let why = "";
  let bytes: Buffer = Buffer.alloc(0);
  socket.on("secureConnect", () => socket.write(controlFrame(frameType.hello, encodeHello(hello))));
  socket.on("error", (error: NodeJS.ErrnoException) => (why ||= error.code ?? error.message));
  socket.on("close", () => {
    if (!stopping) over(welcomed, why || "closed");
    resolve();
  });
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= frameHeaderBytes && bytes.length >= frameHeaderBytes + bytes.readUIntBE(1, 3)) {
      const body = bytes.subarray(frameHeaderBytes, frameHeaderBytes + bytes.readUIntBE(1, 3));
      const type = bytes.readUInt8(0);
      bytes = bytes.subarray(frameHeaderBytes + body.length);
      if (type === frameType.close) why = `close ${body.readUInt16BE(0)}`;
      if (type === frameType.ping) {
        const pong = { echo: Buffer.from(body), load: 0, drain: 0, sessionCount: 0 };
        socket.write(controlFrame(frameType.pong, encodePong(pong)));
      }
      if (type !== frameType.welcome || welcomed) continue;
      welcomed = true;
      resolve();
    }
  });
  return promise;
}

function retry(): void {
  setTimeout(() => {
    if (stopping) return;
    void link((welcomed, why) => {
      const outcome = welcomed ? "welcomed" : why;
      again[outcome] = (again[outcome] ?? 0) + 1;
      retry();
    });
  }, 1000);
}

async function opener(share: number): Promise<void> {
  for (let at = 0; at < share; at += 1) {
    await link((welcomed, why) => {
      if (welcomed) {
        open -= 1;
        ended.push(Date.now());
      } else again[why] = (again[why] ?? 0) + 1;
      retry();
    });
    open += 1;
  }
}

const workers = 8;
const shares = Array.from({ length: workers }, (_, at) => Math.floor((count + at) / workers));
await Promise.all(shares.map(opener));
process.stdout.write("connected\n");

process.once("SIGTERM", () => {
  stopping = true;
  console.log(JSON.stringify({ open, ended, again }));
  process.exit();
});

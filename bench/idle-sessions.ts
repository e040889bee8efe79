/** Holds sessions open, each with one link: `idle-sessions.ts HOST:PORT COUNT CERT KEY CA`. Prints "holding". */
import { readFileSync } from "node:fs";
import { connect, createSecureContext, type TLSSocket } from "node:tls";
import { controlFrame, frameHeaderBytes, frameType } from "../src/daemon/link/frame.ts";
import { encodeHello, encodePong } from "../src/daemon/link/messages.ts";

const [endpoint = "", count = "", cert = "", key = "", ca = ""] = process.argv.slice(2);
const [host = "", port = ""] = endpoint.split(":");
const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) });
const atOnce = 10;

const hello = controlFrame(
  frameType.hello,
  encodeHello({
    version: 1,
    intent: "new",
    epoch: 0n,
    linkIndex: 0,
    capabilities: { checksum: true, tso4: true, tso6: true, uso: false, zstd: false },
    mtu: 1500,
  }),
);

function answer(socket: TLSSocket, type: number, body: Buffer): void {
  if (type === frameType.close) throw new Error("the server closed a link");
  if (type !== frameType.ping) return;
  const pong = encodePong({ echo: body, load: 0, sessionCount: 0, drain: 0 });
  socket.write(controlFrame(frameType.pong, pong));
}

/** Opens a link and resolves when it is welcome. */
async function open(): Promise<void> {
  const socket = connect({
    host,
    port: Number(port),
    secureContext,
    ALPNProtocols: ["sssonector/1"],
    checkServerIdentity: () => undefined,
  });
  socket.once("secureConnect", () => socket.write(hello));
  await new Promise<void>((resolve, reject) => {
    let waiting = Buffer.alloc(0);
    socket.once("error", reject).on("data", (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= frameHeaderBytes) {
        const end = frameHeaderBytes + waiting.readUIntBE(1, 3);
        if (waiting.length < end) return;
        const type = waiting[0] ?? 0;
        if (type === frameType.welcome) resolve();
        answer(socket, type, waiting.subarray(frameHeaderBytes, end));
        waiting = waiting.subarray(end);
      }
    });
  });
}

for (let opened = 0; opened < Number(count); opened += atOnce) {
  await Promise.all(Array.from({ length: Math.min(atOnce, Number(count) - opened) }, open));
}
console.log("holding");

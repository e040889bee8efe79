import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { exitCodes } from "../../shared/control/exit.ts";
import { describeError, SssonectorError } from "../../shared/errors.ts";
import { type Context, pause, printJson } from "./context.ts";
import { durationOf } from "./options.ts";

/** Milliseconds between two calls. */
const readEvery = 200;
const stopSignals = ["SIGINT", "SIGTERM"] as const;

/** Header of a pcap file of raw IP packets (draft-ietf-opsawg-pcap, link type 101), times in microseconds. */
function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2_c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(101, 20);
  return header;
}

/** Writes inner packets to a pcap file, or with `-w -` to the standard output, until a signal or --for has passed. */
export async function capture(context: Context): Promise<number> {
  const { options, terminal } = context;
  const path = options.write;
  if (path === undefined) throw new SssonectorError("usage", "capture needs -w FILE, or -w - for the standard output");
  if (path === "-" && options.json) throw new SssonectorError("usage", "capture -w - leaves no room for --json");
  const time = durationOf("for", options.for);
  using client = await context.connect();
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  const timer = time === undefined ? undefined : terminal.clock.after(time, stop);
  for (const signal of stopSignals) process.once(signal, stop);
  terminal.gone.addEventListener("abort", stop, { once: true });
  const counts = { packets: 0, dropped: 0 };
  try {
    // Before the file is made: nothing is written over by a capture that is refused.
    await client.call("capture", { session: options.session });
    const out = path === "-" ? process.stdout : createWriteStream(path, { mode: 0o600 });
    const failed = Promise.withResolvers<never>();
    out.once("error", (error) => failed.reject(cantWrite(path, error)));
    out.write(pcapHeader());
    const take = async (): Promise<void> => {
      const { packets, dropped, data } = await client.call("capture", { session: options.session });
      counts.packets += packets;
      counts.dropped += dropped;
      if (data !== "" && !out.write(Buffer.from(data, "base64"))) await once(out, "drain");
    };
    while (!ending.signal.aborted) {
      await Promise.race([pause({ clock: terminal.clock, gone: ending.signal }, readEvery).then(take), failed.promise]);
    }
    await Promise.race([path === "-" ? undefined : finished(out), failed.promise]);
  } finally {
    timer?.cancel();
    for (const signal of stopSignals) process.off(signal, stop);
  }
  if (options.json) printJson(terminal, { file: path, ...counts });
  else terminal.err(`${counts.packets} packets in ${path === "-" ? "the output" : path}, ${counts.dropped} left out\n`);
  return exitCodes.ok;
}

async function finished(out: Writable): Promise<void> {
  out.end();
  await once(out, "close");
}

function cantWrite(path: string, error: Error): SssonectorError {
  return new SssonectorError("recording", `can't write ${path}: ${describeError(error)}`, { cause: error });
}

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { captureTo } from "../../shared/control/capture.ts";
import { exitCodes } from "../../shared/control/exit.ts";
import { describeError, SssonectorError } from "../../shared/errors.ts";
import { type Context, printJson } from "./context.ts";
import { durationOf } from "./options.ts";

const stopSignals = ["SIGINT", "SIGTERM"] as const;

/** Writes inner packets to a pcap file, or with `-w -` to the standard output, until a signal or --for has passed. */
export async function capture(context: Context): Promise<number> {
  const { options, terminal } = context;
  const path = options.write;
  if (path === undefined) throw new SssonectorError("usage", "capture needs -w FILE, or -w - for the standard output");
  if (path === "-" && options.json) throw new SssonectorError("usage", "capture -w - leaves no room for --json");
  const time = durationOf("for", options.for);
  using client = await context.connect();
  using ending = endOf(context, time);
  const { clock } = terminal;
  const sink = new Sink(path);
  const captured = captureTo({ client, session: options.session, clock, until: ending.signal, write: sink.write });
  const counts = await Promise.race([captured, sink.failed]);
  await Promise.race([sink.end(), sink.failed]);
  if (options.json) printJson(terminal, { file: path, ...counts });
  else terminal.err(`${counts.packets} packets in ${path === "-" ? "the output" : path}, ${counts.dropped} left out\n`);
  return exitCodes.ok;
}

/** Aborted by a signal, after `time`, or when nobody reads any more. */
function endOf({ terminal }: Context, time: number | undefined): Disposable & { readonly signal: AbortSignal } {
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  const timer = time === undefined ? undefined : terminal.clock.after(time, stop);
  for (const signal of stopSignals) process.once(signal, stop);
  terminal.gone.addEventListener("abort", stop, { once: true });
  const dispose = (): void => {
    timer?.cancel();
    for (const signal of stopSignals) process.off(signal, stop);
  };
  return { signal: ending.signal, [Symbol.dispose]: dispose };
}

/** The file, made when there is something for it, or the standard output. */
class Sink {
  readonly #path: string;
  readonly #failed = Promise.withResolvers<never>();
  #out: Writable | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Rejects when the file can't be written. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  readonly write = async (bytes: Buffer): Promise<void> => {
    this.#out ??= this.#open();
    if (!this.#out.write(bytes)) await once(this.#out, "drain");
  };

  async end(): Promise<void> {
    if (this.#path === "-" || this.#out === undefined) return;
    this.#out.end();
    await once(this.#out, "close");
  }

  #open(): Writable {
    const out = this.#path === "-" ? process.stdout : createWriteStream(this.#path, { mode: 0o600 });
    return out.once("error", (error: Error) => {
      const message = `can't write ${this.#path}: ${describeError(error)}`;
      this.#failed.reject(new SssonectorError("recording", message, { cause: error }));
    });
  }
}

import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock } from "../shared/clock.ts";
import { captureTo } from "../shared/control/capture.ts";
import { bytes, count } from "./draw/format.ts";
import type { Wire } from "./feed.ts";
import type { CaptureOrder } from "./model/capture.ts";

export interface CaptureParts {
  readonly clock: Clock;
  /** A connection of its own: the daemon tells captures apart by it. */
  readonly connect: () => Promise<Wire>;
  /** Folder of the file. */
  readonly folder: string;
  /** Ends the capture before its time. */
  readonly ended: AbortSignal;
}

/**
 * Captures into a new file as long as the order says, and says what became of it. No file is written over, and none is
 * made when the daemon refuses.
 * @throws SssonectorError control_*; the file's error
 */
export async function captureInto(order: CaptureOrder, parts: CaptureParts): Promise<string> {
  const { clock, connect, folder, ended } = parts;
  const path = resolve(folder, order.file);
  const wire = await connect();
  const timeUp = new AbortController();
  const timer = clock.after(order.time, () => timeUp.abort());
  let file: FileHandle | undefined;
  let size = 0;
  const write = async (part: Buffer): Promise<void> => {
    file ??= await open(path, "wx", 0o600);
    await file.appendFile(part);
    size += part.length;
  };
  try {
    const until = AbortSignal.any([timeUp.signal, ended]);
    const { packets, dropped } = await captureTo({ client: wire, session: order.session, clock, until, write });
    return `wrote ${count(packets)} packets (${bytes(size)}) to ${path}, ${count(dropped)} left out`;
  } finally {
    timer.cancel();
    wire.close();
    await file?.close();
  }
}

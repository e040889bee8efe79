import type { Clock, Millis } from "../clock.ts";
import type { ControlClient } from "./client.ts";

/** Milliseconds between two calls. */
const readEvery: Millis = 200;

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

export interface CaptureParts {
  readonly client: Pick<ControlClient, "call">;
  /** Only packets of this session; undefined: of all. */
  readonly session: string | undefined;
  readonly clock: Clock;
  /** Ends the capture. */
  readonly until: AbortSignal;
  /** Takes the bytes of the pcap file. First called when the daemon has begun: a refused capture writes nothing. */
  readonly write: (bytes: Buffer) => Promise<void>;
}

/** Packets in the file, and those that the daemon had no room for. */
export interface CaptureCounts {
  packets: number;
  dropped: number;
}

/**
 * Has the daemon copy inner packets until `until` says so.
 * @throws SssonectorError control_*, and what `write` throws
 */
export async function captureTo({ client, session, clock, until, write }: CaptureParts): Promise<CaptureCounts> {
  await client.call("capture", { session });
  await write(pcapHeader());
  const counts = { packets: 0, dropped: 0 };
  while (!until.aborted) {
    await pause(clock, until);
    const { packets, dropped, data } = await client.call("capture", { session });
    counts.packets += packets;
    counts.dropped += dropped;
    if (data !== "") await write(Buffer.from(data, "base64"));
  }
  return counts;
}

function pause(clock: Clock, until: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(readEvery, resolve);
  const stop = (): void => resolve();
  until.addEventListener("abort", stop, { once: true });
  return promise.finally(() => {
    timer.cancel();
    until.removeEventListener("abort", stop);
  });
}

import type { Tap } from "../capture/tap.ts";
import { frameHeaderBytes, frameType } from "../link/frame.ts";
import { unitHeaderLength } from "../packet/vnet.ts";

/** Shows a capture one PACKET or OFFLOAD frame, whose body is at `body`. */
export function tapFrame(
  tap: Tap | undefined,
  session: string,
  type: number,
  bytes: Uint8Array,
  body: number,
  length: number,
): void {
  if (tap === undefined) return;
  const header = type === frameType.offload ? unitHeaderLength : 0;
  tap.packet(session, bytes, body + header, length - header);
}

/** Shows a capture whole frames that lie back to back. */
export function tapFrames(tap: Tap | undefined, session: string, frames: Uint8Array): void {
  if (tap === undefined) return;
  for (let at = 0; at < frames.length; ) {
    const length = ((frames[at + 1] ?? 0) << 16) | ((frames[at + 2] ?? 0) << 8) | (frames[at + 3] ?? 0);
    tapFrame(tap, session, frames[at] ?? 0, frames, at + frameHeaderBytes, length);
    at += frameHeaderBytes + length;
  }
}

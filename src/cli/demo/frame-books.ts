import { setTimeout as delay } from "node:timers/promises";
import type { DaemonProcess } from "./daemon-process.ts";

/** Packets of several daemons, summed: taken up by a link, and handed to the kernel at its other end. */
export interface FrameBooks {
  readonly accepted: number;
  readonly injected: number;
}

const settleMillis = 200;

async function booksOf(daemons: readonly DaemonProcess[]): Promise<FrameBooks> {
  const all = await Promise.all(daemons.map(async (daemon) => await daemon.status()));
  return {
    accepted: all.reduce((sum, { frames_accepted }) => sum + frames_accepted, 0),
    injected: all.reduce((sum, { frames_injected }) => sum + frames_injected, 0),
  };
}

/** The books when nothing is under way: they say the same twice in a row. */
export async function settledBooks(daemons: readonly DaemonProcess[]): Promise<FrameBooks> {
  for (let before = await booksOf(daemons); ; ) {
    await delay(settleMillis, undefined, { ref: false });
    const now = await booksOf(daemons);
    if (now.accepted === before.accepted && now.injected === before.injected) return now;
    before = now;
  }
}

/** Packets that one end's link took up between the two and the other end did not hand on, for whatever reason. */
export function framesLost(before: FrameBooks, after: FrameBooks): number {
  return after.accepted - before.accepted - (after.injected - before.injected);
}

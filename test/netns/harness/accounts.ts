import type { DaemonProcess } from "../../../src/cli/demo/daemon-process.ts";
import { dropReasons } from "../../../src/daemon/metrics/counters.ts";

/** What became of the link frames of several daemons; the books balance when nothing is under way. */
export interface Account {
  accepted: number;
  injected: number;
  /** Drops after acceptance, by reason. */
  dropped: Record<string, number>;
  /** Packets that were never accepted, by reason. */
  refused: Record<string, number>;
  /** Frames of which nobody knows. */
  lost: number;
}

function afterAccepting(reason: string): boolean {
  const known: Record<string, { side: string }> = dropReasons;
  return reason === "link_closed" || known[reason]?.side === "inbound";
}

export async function accountOf(daemons: readonly DaemonProcess[]): Promise<Account> {
  const account: Account = { accepted: 0, injected: 0, dropped: {}, refused: {}, lost: 0 };
  for (const status of await Promise.all(daemons.map(async (daemon) => await daemon.status()))) {
    account.accepted += status.frames_accepted;
    account.injected += status.frames_injected;
    for (const [reason, count] of Object.entries(status.dropped)) {
      const drops = afterAccepting(reason) ? account.dropped : account.refused;
      drops[reason] = (drops[reason] ?? 0) + count;
    }
  }
  const dropped = Object.values(account.dropped).reduce((sum, count) => sum + count, 0);
  return { ...account, lost: account.accepted - account.injected - dropped };
}

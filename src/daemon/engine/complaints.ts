import type { FlowSession } from "../flow/ports.ts";
import { describeDestination } from "../packet/describe.ts";
import type { Event } from "./messages.ts";

/** Between two events about what one session sends. */
const quietFor = 10_000;

/** Tells the control plane of sessions that send what they may not: seldom, however much they send. */
export class Complaints {
  readonly #emit: (event: Event) => void;
  readonly #spoofedAt = new Map<string, number>();
  readonly #refusedAt = new Map<string, number>();

  constructor(emit: (event: Event) => void) {
    this.#emit = emit;
  }

  spoofed({ id, identity }: FlowSession): void {
    if (!toldLately(this.#spoofedAt, id)) this.#emit({ type: "spoofed", session: id, identity });
  }

  /** A packet of `size` bytes at `packet`, which the rules for its session refuse. */
  refused({ id, identity }: FlowSession, bytes: Buffer, packet: number, size: number): void {
    if (toldLately(this.#refusedAt, id)) return;
    const destination = describeDestination(bytes, packet, size);
    this.#emit({ type: "acl_refused", session: id, identity, destination });
  }

  forget(session: string): void {
    this.#spoofedAt.delete(session);
    this.#refusedAt.delete(session);
  }
}

/** Whether there was an event about this session a moment ago; if not, there is one now. */
function toldLately(at: Map<string, number>, session: string): boolean {
  const now = performance.now();
  if (now - (at.get(session) ?? Number.NEGATIVE_INFINITY) < quietFor) return true;
  at.set(session, now);
  return false;
}

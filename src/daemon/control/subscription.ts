import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import { diff } from "../../shared/control/delta.ts";
import type { Update } from "../../shared/control/protocol.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";

export interface Subscriber {
  clock: Clock;
  snapshot: () => Snapshot;
  /** False while the reader has not taken what it was sent. */
  ready: () => boolean;
  send: (update: Update) => void;
}

/**
 * Updates of one reader: at most one per interval and none while an earlier one is unread, so a slow reader costs one
 * frame and the snapshot that it knows; its next delta leads from there to the newest.
 */
export class Subscription {
  #to: Subscriber;
  #interval: Millis;
  #sent: Snapshot | undefined;
  #changed = true;
  #due: Millis = 0;
  #timer: Timer | undefined;

  constructor(to: Subscriber, rateHz: number) {
    this.#to = to;
    this.#interval = 1_000 / rateHz;
    this.#due = to.clock.now();
  }

  /** The daemon's state is new. */
  changed(): void {
    this.#changed = true;
    this.pump();
  }

  /** Sends what there is to send if it is time; called also when the reader has caught up. */
  pump(): void {
    if (!this.#changed || !this.#to.ready()) return;
    const now = this.#to.clock.now();
    if (now < this.#due) return this.#later(this.#due - now);
    this.#changed = false;
    const update = this.#update();
    if (update === undefined) return;
    this.#due = now + this.#interval;
    this.#to.send(update);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #later(delay: Millis): void {
    this.#timer ??= this.#to.clock.after(delay, () => {
      this.#timer = undefined;
      this.pump();
    });
  }

  #update(): Update | undefined {
    const before = this.#sent;
    const snapshot = this.#to.snapshot();
    this.#sent = snapshot;
    if (before === undefined) return { kind: "snapshot", snapshot };
    const delta = diff(before, snapshot);
    return delta === undefined ? undefined : { kind: "delta", delta };
  }
}

import type { Clock, Millis, Timer } from "../../shared/clock.ts";

/** idle: nothing waits, or nothing can go before somebody calls wake; sent: more may go; else when to come again. */
export type Release = "idle" | "sent" | Wait;

interface Wait {
  readonly again: Millis;
  readonly sent: boolean;
  /** Whether what it gets meanwhile must wait as well. */
  readonly all: boolean;
}

/** Something that sends what it holds in turns. */
export interface Paced {
  /** Sends one turn's worth. */
  release(now: Millis): Release;
}

/** The resolution of the event loop's timers. */
const shortestSleep: Millis = 1;

/** Gives everybody who holds packets their turns, one after the other, and sleeps while all must wait. */
export class Pacer {
  readonly #clock: Pick<Clock, "now" | "after">;
  /** In the order of their turns. */
  readonly #ready = new Set<Paced>();
  /** Those who must wait, in the order of their turns. */
  readonly #asleep = new Map<Paced, Wait>();
  #stopped = false;
  #timer: { readonly at: Millis; readonly timer: Timer } | undefined;

  constructor(clock: Pick<Clock, "now" | "after">) {
    this.#clock = clock;
  }

  /** It has more to send; who must wait with all that it has goes on waiting. Run comes after. */
  add(paced: Paced): void {
    if (this.#asleep.get(paced)?.all !== true) this.wake(paced);
  }

  /** What it waited for may have come. */
  wake(paced: Paced): void {
    this.#asleep.delete(paced);
    this.#ready.add(paced);
  }

  forget(paced: Paced): void {
    this.#asleep.delete(paced);
    this.#ready.delete(paced);
  }

  run(): void {
    if (this.#ready.size === 0 || this.#stopped) return;
    const now = this.#clock.now();
    const served: [Paced, Wait][] = [];
    // Who has sent goes to the end, which the walk comes to as well.
    for (const paced of this.#ready) {
      this.#ready.delete(paced);
      const release = paced.release(now);
      if (release === "idle") continue;
      if (release === "sent") this.#ready.add(paced);
      else if (release.sent) served.push([paced, release]);
      else this.#sleep(paced, release, now);
    }
    // Behind those who found nothing left: what several share goes round.
    for (const [paced, wait] of served) this.#sleep(paced, wait, now);
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.#ready.clear();
    this.#asleep.clear();
    this.#timer?.timer.cancel();
  }

  #sleep(paced: Paced, wait: Wait, now: Millis): void {
    this.#asleep.set(paced, wait);
    if (this.#timer === undefined || wait.again < this.#timer.at) this.#setTimer(wait.again, now);
  }

  #setTimer(at: Millis, now: Millis): void {
    this.#timer?.timer.cancel();
    const timer = this.#clock.after(Math.max(shortestSleep, at - now), () => this.#awake());
    this.#timer = { at, timer };
  }

  #awake(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [paced, { again }] of this.#asleep) {
      if (again <= now) this.wake(paced);
      else next = Math.min(next, again);
    }
    if (next !== Number.POSITIVE_INFINITY) this.#setTimer(next, now);
    this.run();
  }
}

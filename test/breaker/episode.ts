import { Breaker, type Permit } from "../../src/daemon/breaker/breaker.ts";
import type { Clock } from "../../src/shared/clock.ts";
import { FakeClock } from "../fakes/clock.ts";
import { seeded } from "./random.ts";
import { ReferenceBreaker, type ReferenceCall, type ReferenceRules } from "./reference.ts";

/** What a step showed of one of the two. */
export type Shown = Record<string, unknown>;

/** A clock whose timers never run: the breaker learns of time only by being asked. */
class DeafClock implements Clock {
  #now = 0;
  now = (): number => this.#now;
  wall = (): number => this.#now;
  after = (): { cancel(): void } => ({ cancel: () => undefined });
  every = this.after;
  advance(by: number): void {
    this.#now += by;
  }
}

/**
 * A breaker and its reference model through the same random life; with an even seed the breaker has timers. Times are
 * whole numbers and jitter comes in quarters, so that sums are exact and the two can be compared to the bit.
 */
export class Episode {
  /** Transitions seen. */
  readonly seen = new Set<string>();
  readonly #dice: () => number;
  readonly #clock: Clock & { advance(by: number): void };
  readonly #breaker: Breaker;
  readonly #model: ReferenceBreaker;
  readonly #changes: string[] = [];
  readonly #calls: { permit: Permit; call: ReferenceCall }[] = [];
  readonly #failing: number;

  constructor(seed: number) {
    this.#dice = seeded(seed);
    this.#clock = seed % 2 === 0 ? new FakeClock() : new DeafClock();
    this.#failing = this.#dice();
    const rules = this.#rules();
    const onChange = (change: { from: string; to: string; cause: string }): void => {
      this.#changes.push(`${change.from} > ${change.to}: ${change.cause}`);
    };
    this.#breaker = new Breaker({ clock: this.#clock, random: quarters(seed), onChange }, rules);
    this.#model = new ReferenceBreaker(rules, quarters(seed), 0);
  }

  /** One random act, and all that can be seen of both after it. */
  step(): { did: string; breaker: Shown; model: Shown } {
    const { did, wait } = this.#act();
    const now = this.#clock.now();
    const breaker: Shown = { ...this.#breaker.view(), admits: this.#breaker.admits(), wait: wait[0] };
    const model: Shown = { ...this.#model.view(now), admits: this.#model.admits(), wait: wait[1] };
    breaker["changes"] = this.#changes.splice(0).join("; ");
    for (const change of this.#model.log) this.seen.add(change);
    model["changes"] = this.#model.log.splice(0).join("; ");
    return { did: `${now}: ${did}`, breaker, model };
  }

  #act(): { did: string; wait: [unknown, unknown] } {
    const chance = this.#below(1000);
    if (chance < 400) return this.#acquire();
    const did =
      chance < 700
        ? this.#end()
        : chance < 930
          ? this.#pass()
          : chance < 950
            ? this.#follow()
            : chance < 970
              ? this.#alone()
              : this.#operate();
    return { did, wait: [undefined, undefined] };
  }

  #acquire(): { did: string; wait: [unknown, unknown] } {
    const acquired = this.#breaker.tryAcquire();
    const call = this.#model.acquire(this.#clock.now());
    if (acquired.kind === "permit" && !("wait" in call)) {
      this.#calls.push({ permit: acquired.permit, call });
      return { did: "acquire", wait: ["permit", "permit"] };
    }
    return {
      did: "acquire",
      wait: [acquired.kind === "permit" ? "permit" : acquired.retryAfterMs, "wait" in call ? call.wait : "permit"],
    };
  }

  /** Ends one of the calls that are under way, most often the newest; some are told twice, some never. */
  #end(): string {
    const index = this.#dice() < 0.7 ? this.#calls.length - 1 : this.#below(this.#calls.length);
    const pair = this.#calls[index];
    if (pair === undefined) return "nothing";
    if (this.#dice() < 0.95) this.#calls.splice(index, 1);
    const how = this.#how();
    const took = this.#dice() < 0.3 ? 2001 : this.#below(2001);
    if (how === "ok") pair.permit.ok(took);
    else if (how === "cancel") pair.permit.cancel();
    else pair.permit.fail(how, took);
    this.#model.end(pair.call, how, took, this.#clock.now());
    return `${how} ${took}`;
  }

  #how(): "ok" | "remote" | "local" | "policy" | "cancel" {
    const chance = this.#dice();
    if (chance < 0.05) return "cancel";
    if (chance < 0.1) return "local";
    if (chance < 0.12) return "policy";
    return this.#dice() < this.#failing ? "remote" : "ok";
  }

  #pass(): string {
    const scale = [10, 500, 3000, 11_000, 70_000, 7_200_000][Math.min(this.#below(6), this.#below(6))] as number;
    const by = this.#below(scale);
    this.#clock.advance(by);
    return `${by} ms`;
  }

  #follow(): string {
    this.#calls.push({ permit: this.#breaker.follow(), call: this.#model.follow(this.#clock.now()) });
    return "follow";
  }

  #alone(): string {
    const alone = this.#dice() < 0.5;
    this.#breaker.setAlone(alone);
    this.#model.setAlone(alone, this.#clock.now());
    return `alone ${alone}`;
  }

  #operate(): string {
    const now = this.#clock.now();
    const verb = this.#below(6);
    if (verb === 0) {
      this.#breaker.disable();
      this.#model.disable(now);
      return "disable";
    }
    if (verb === 1) {
      const time = this.#dice() < 0.2 ? undefined : this.#below(20_000);
      this.#breaker.forceOpen(time);
      this.#model.force(time, now);
      return `force ${time}`;
    }
    if (verb === 2) {
      const rules = this.#rules();
      this.#breaker.setRules(rules);
      this.#model.setRules(rules, now);
      return `rules ${JSON.stringify(rules)}`;
    }
    this.#breaker.reset();
    this.#model.reset(now);
    return "reset";
  }

  #rules(): ReferenceRules {
    const open = 100 * (1 + this.#below(20));
    return {
      failure_rate: 1 + this.#below(100),
      slow_rate: 1 + this.#below(100),
      minimum_calls: 1 + this.#below(8),
      consecutive: 1 + this.#below(6),
      slow_call: 2000,
      window: [1200, 60_000, 600_000][this.#below(3)] as number,
      open,
      open_max: open * (1 + this.#below(100)),
      mode: this.#dice() < 0.1 ? "observe" : "enforce",
    };
  }

  /** A whole number, 0 to `limit` - 1. */
  #below(limit: number): number {
    return Math.floor(this.#dice() * limit);
  }
}

function quarters(seed: number): () => number {
  const dice = seeded(~seed);
  return () => Math.floor(dice() * 4) / 4;
}

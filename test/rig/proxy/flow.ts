import type { Socket } from "node:net";
import type { Clock } from "../../../src/shared/clock.ts";
import { Pacer } from "./pacer.ts";
import { Pause } from "./pause.ts";
import type { Fault, FlowPlan } from "./plan.ts";

export interface FlowCounts {
  /** Bytes passed on. */
  passed: number;
  /** Bytes read and thrown away. */
  swallowed: number;
}

async function written(target: Socket, bytes: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  target.write(bytes, (error) => (error ? reject(error) : resolve()));
  await promise;
}

/** One direction of a proxied connection. */
export class Flow {
  readonly counts: FlowCounts = { passed: 0, swallowed: 0 };
  readonly #clock: Clock;
  readonly #reset: () => void;
  readonly #pause: Pause;
  readonly #pacer = new Pacer();
  #plan: FlowPlan;
  #isClosed = false;

  /** `reset` is called when the fault says so. */
  constructor(plan: FlowPlan, clock: Clock, reset: () => void) {
    this.#plan = plan;
    this.#clock = clock;
    this.#reset = reset;
    this.#pause = new Pause(clock);
  }

  /** What the fault does now: "none" until its number of bytes has passed. */
  get fault(): Fault["kind"] {
    const { fault } = this.#plan;
    return fault.kind !== "none" && this.counts.passed >= fault.after ? fault.kind : "none";
  }

  change(plan: FlowPlan): void {
    this.#plan = plan;
    this.#pause.wake();
    this.#resetIfDue();
  }

  close(): void {
    this.#isClosed = true;
    this.#pause.wake();
  }

  /** Passes on everything that comes, and then the end, `closeDelay()` ms later. Rejects when a socket fails. */
  async run(source: Socket, target: Socket, closeDelay: () => number): Promise<void> {
    this.#resetIfDue();
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      for (let rest = chunk; rest.length > 0 && !this.#isClosed; ) rest = rest.subarray(await this.#step(rest, target));
    }
    while (this.fault === "stall" && !this.#isClosed) await this.#pause.wait();
    const until = this.#clock.now() + closeDelay();
    while (this.#clock.now() < until && !this.#isClosed) await this.#pause.wait(until - this.#clock.now());
    if (this.fault !== "swallow") target.end();
  }

  /** Deals with the first bytes, or waits for a moment in which it can; the result is how many are dealt with. */
  async #step(bytes: Buffer, target: Socket): Promise<number> {
    if (this.fault === "swallow") {
      this.counts.swallowed += bytes.length;
      return bytes.length;
    }
    const isStalled = this.fault === "stall";
    const wait = this.#pacer.wait(this.#clock.now());
    if (isStalled || wait > 0) {
      await this.#pause.wait(isStalled ? undefined : wait);
      return 0;
    }
    return await this.#pass(bytes, target);
  }

  async #pass(bytes: Buffer, target: Socket): Promise<number> {
    const { fault, bytes_per_second: rate } = this.#plan;
    const untilFault = fault.kind === "none" ? Infinity : fault.after - this.counts.passed;
    const part = bytes.subarray(0, Math.min(untilFault, this.#pacer.slice(rate)));
    this.#pacer.spend(part.length, rate, this.#clock.now());
    await written(target, part);
    this.counts.passed += part.length;
    this.#resetIfDue();
    return part.length;
  }

  #resetIfDue(): void {
    if (this.fault === "reset") this.#reset();
  }
}

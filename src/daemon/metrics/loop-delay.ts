import type { Millis } from "../../shared/clock.ts";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** How late an event loop is with its work. */
export interface LoopFigures {
  /** The longest delay of the last minute, seconds. */
  readonly worst: number;
  /** Part of the last second that the loop worked, 0 to 1. */
  readonly utilization: number;
  /** Timers, sockets and other things that the loop watches or waits for, some seconds old. */
  readonly resources: number;
}

/** Places in shared memory. The thread only raises `delay`; the control plane takes it and sets it back to 0. */
const place = { delay: 0, utilization: 1, resources: 2 } as const;
const resolutionMs = 20;
const minute = 60;
/** Each of them is named to be counted, which takes a millisecond for ten thousand. */
const countEvery: Millis = 5000;

export function createLoopCells(): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(3 * 8));
}

/** Measures the loop of the thread that makes it, into shared memory. */
export class LoopMeter {
  readonly #cells: Float64Array;
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #utilization = performance.eventLoopUtilization();
  #countAt: Millis = 0;

  constructor(cells: Float64Array) {
    this.#cells = cells;
    this.#histogram.enable();
  }

  /** To be called a few times a second; returns the utilization since the last call. */
  sample(): number {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    // The histogram measures from tick to tick: what is above its resolution is delay.
    const delay = this.#histogram.count === 0 ? 0 : Math.max(0, this.#histogram.max / 1e9 - resolutionMs / 1000);
    this.#histogram.reset();
    this.#cells[place.delay] = Math.max(this.#cells[place.delay] ?? 0, delay);
    this.#cells[place.utilization] = utilization;
    this.#count(performance.now());
    return utilization;
  }

  stop(): void {
    this.#histogram.disable();
  }

  #count(now: Millis): void {
    if (now < this.#countAt) return;
    this.#countAt = now + countEvery;
    this.#cells[place.resources] = process.getActiveResourcesInfo().length;
  }
}

/** Keeps a minute of what a LoopMeter measured, so that a scrape every 15 s or 30 s misses no stall. */
export class LoopWindow {
  readonly #cells: Float64Array;
  readonly #delays: number[] = [];

  constructor(cells: Float64Array) {
    this.#cells = cells;
  }

  /** Once a second. */
  tick(): void {
    this.#delays.push(this.#cells[place.delay] ?? 0);
    this.#cells[place.delay] = 0;
    if (this.#delays.length > minute) this.#delays.shift();
  }

  get figures(): LoopFigures {
    const [, utilization = 0, resources = 0] = this.#cells;
    return { worst: Math.max(0, ...this.#delays), utilization, resources };
  }
}

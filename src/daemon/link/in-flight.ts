import type { Millis } from "../../shared/clock.ts";
import type { TcpInfo } from "../sys/tcp.ts";
import {
  arrivalTime,
  type Flight,
  flightStart,
  flightStarved,
  flightStep,
  isBounded,
  isSettled,
  shortestSample,
} from "./flight.ts";
import type { Kernel } from "./kernel.ts";

/** Unsent bytes up to which the kernel of a slow link takes more. */
const lowWater = 128 * 1024;
const shortestLook: Millis = 1;
/** Part of what may be on the way: with less, there is room whatever the kernel says. */
const ampleBelow = 0.5;
/** Part of what may be on the way: with less, more is sent. */
const refillAt = 0.75;
/** In which what is in flight is taken to leave until the path's speed is known. */
const unknownPaceTime: Millis = 10;

/** What a link has on its way to its peer, and how much more its path is to get. */
export class InFlight {
  readonly #kernel: Kernel;
  /** What waits for the socket. */
  readonly #queue: { readonly bytes: number; readonly busy: boolean };
  readonly #now: () => Millis;
  #flight: Flight;
  /** Not acknowledged as the kernel last said, and what was sent since. */
  #bytes = 0;
  /** All of it has been on its way since then, or was sent later. */
  #since: Millis = Number.NEGATIVE_INFINITY;
  #lookedAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(kernel: Kernel, queue: { readonly bytes: number; readonly busy: boolean }, now: () => Millis) {
    this.#kernel = kernel;
    this.#queue = queue;
    this.#now = now;
    this.#flight = flightStart(now());
  }

  /** Whether the path is so slow that a packet behind others in the socket would be late. */
  get bounded(): boolean {
    return isBounded(this.#flight);
  }

  /** Whether the pace is the path's, and not one that is still being found out. */
  get settled(): boolean {
    return isSettled(this.#flight, this.#now());
  }

  /** Bytes a millisecond that the path carries; undefined until that is known. */
  get pace(): number | undefined {
    return this.#flight.pace;
  }

  /** Bytes that it takes before what is more should wait elsewhere; 0 or less: none. */
  get room(): number {
    this.look();
    return this.#flight.bytes - this.#bytes;
  }

  /** How long until there should be room again. */
  get roomIn(): Millis {
    const { bytes, pace = bytes / unknownPaceTime } = this.#flight;
    return (this.#bytes - bytes * refillAt) / pace;
  }

  sent(bytes: number): void {
    if (this.#bytes === 0) this.#since = this.#now();
    this.#bytes += bytes;
  }

  /** Asks the kernel where that may change anything: once a millisecond at most, and seldom while there is ample room. */
  look(): void {
    if (this.#bytes === 0) return;
    const now = this.#now();
    const ample = this.#bytes <= this.#flight.bytes * ampleBelow;
    if (now - this.#lookedAt >= (ample ? shortestSample : shortestLook)) this.measured(this.#kernel.info(), now);
  }

  /** Learns from what the kernel said. */
  measured(info: TcpInfo | undefined, now: Millis): void {
    if (info === undefined) return;
    const full = this.#bytes >= this.#flight.bytes;
    const arrived = info.unacked === 0 && info.notsentBytes === 0;
    const early = now - this.#since < arrivalTime(this.#flight, this.#bytes) / 3;
    this.#lookedAt = now;
    this.#since = now;
    this.#bytes = info.unacked * info.sendMss + info.notsentBytes + this.#queue.bytes;
    const was = this.bounded;
    if (was && full && arrived && early) this.#flight = flightStarved(this.#flight, now);
    this.#flight = flightStep(this.#flight, {
      now,
      acknowledged: info.bytesAcked,
      minRtt: info.minRttMicros / 1000,
      busy: !arrived && (full || info.notsentBytes > 0 || this.#queue.busy),
    });
    if (this.bounded === was) return;
    // A write of a slow link must not fill the kernel.
    this.#kernel.limitUnsent(this.bounded ? lowWater : 0);
  }
}

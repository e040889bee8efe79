import type { Millis } from "../../shared/clock.ts";
import { ReadBuffers } from "../flow/read-buffers.ts";
import { LandingPool } from "../link/receiver.ts";
import { counterIndex } from "../metrics/counters.ts";
import type { TunDevice } from "../tun/device.ts";

/** Of a read buffer, and of a link's landing buffer. */
const bufferBytes = 512 * 1024;
const readBuffers = 4;

export interface BufferRules {
  /** Bytes of buffers that are taken at the start and stay, as far as there are so many; 0: each when it is needed. */
  readonly keptBytes: number;
  /** What nobody needed for so long is given back. */
  readonly cleanupInterval: Millis;
}

/** The memory that packets of a data thread lie in: read buffers of the TUN, and where bytes of links land. */
export class PacketBuffers {
  readonly read: ReadBuffers;
  readonly landing: LandingPool;
  readonly #counters: Float64Array;
  #cleanupInterval: Millis;
  #sweptAt: Millis;

  constructor(device: TunDevice, rules: BufferRules, counters: Float64Array, now: Millis) {
    const giveUp = device.release.bind(device);
    const make = (): ReturnType<TunDevice["allocate"]> => device.allocate(bufferBytes);
    const kept = Math.floor(rules.keptBytes / bufferBytes);
    this.read = new ReadBuffers({ most: readBuffers, kept, make, giveUp });
    const left = Math.max(0, kept - readBuffers);
    this.landing = new LandingPool((size) => device.allocate(size), bufferBytes, { kept: left, giveUp });
    this.#counters = counters;
    this.#cleanupInterval = rules.cleanupInterval;
    this.#sweptAt = now;
  }

  /** Takes another interval; what is kept holds from the start. */
  use({ cleanupInterval }: BufferRules): void {
    this.#cleanupInterval = cleanupInterval;
  }

  /** Gives unused buffers back when it is time, and tells how many there are. */
  tick(now: Millis): void {
    const [read, landing] = [this.read.pool, this.landing.pool];
    if (now - this.#sweptAt >= this.#cleanupInterval) {
      this.#sweptAt = now;
      read.sweep();
      landing.sweep();
    }
    this.#counters[counterIndex.buffer_bytes] = bufferBytes * (read.held + landing.held);
    this.#counters[counterIndex.buffer_used_bytes] = bufferBytes * (read.used + landing.used);
  }
}

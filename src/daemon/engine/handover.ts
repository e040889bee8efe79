import type { FlowSession, HandOver } from "../flow/ports.ts";
import { BellListener, BellRinger } from "../handover/bell.ts";
import { RingReader, RingWriter } from "../handover/ring.ts";
import type { Team } from "./team.ts";

/** Bytes of one ring that are taken before other work of this thread gets its turn. */
const bytesPerTurn = 512 * 1024;

/** Where units from other threads go on. */
export interface Arrivals {
  accept(bytes: Buffer, header: number, length: number, hops: number): void;
  /** No more of them for now. */
  settle(): void;
}

/** The rings of one data thread: to each of the others, and from each of them. */
export class ThreadHandOver implements HandOver {
  readonly #writers: readonly (RingWriter | undefined)[];
  readonly #readers: readonly RingReader[];
  readonly #ringers: readonly BellRinger[];
  readonly #own: BellRinger;
  readonly #listener: BellListener;
  readonly #arrivals: () => Arrivals;
  /** Threads that were given something since the last flush. */
  readonly #given = new Set<number>();

  /** `arrivals` is asked for when something has come. */
  constructor({ index, rings, bells }: Team, arrivals: () => Arrivals) {
    this.#arrivals = arrivals;
    this.#writers = (rings[index] ?? []).map((memory) => memory && new RingWriter(memory));
    this.#readers = rings.flatMap((ofWriter) => {
      const memory = ofWriter[index];
      return memory === undefined ? [] : [new RingReader(memory)];
    });
    this.#ringers = bells.map((bell) => new BellRinger(bell));
    const own = bells[index];
    if (own === undefined) throw new Error(`there is no bell ${index}`);
    this.#own = new BellRinger(own);
    this.#listener = new BellListener(own, () => this.#heard());
  }

  offer(
    { elsewhere }: FlowSession,
    flow: number,
    bytes: Uint8Array,
    header: number,
    length: number,
    hops: number,
  ): boolean {
    // A flow's packets stay in order: they go to one thread as long as the same ones have links.
    const thread = elsewhere[(flow >>> 0) % elsewhere.length] ?? -1;
    if (this.#writers[thread]?.push(bytes, header, length, hops) !== true) return false;
    this.#given.add(thread);
    return true;
  }

  flush(): void {
    if (this.#given.size === 0) return;
    for (const thread of this.#given) this.#ringers[thread]?.ring();
    this.#given.clear();
  }

  close(): void {
    this.#listener.close();
  }

  #heard(): void {
    const arrivals = this.#arrivals();
    let left = false;
    for (const reader of this.#readers) {
      const more = reader.drain(bytesPerTurn, (bytes, at, length, hops) => arrivals.accept(bytes, at, length, hops));
      left ||= more;
    }
    arrivals.settle();
    this.flush();
    if (left) this.#own.ring();
  }
}

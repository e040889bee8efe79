import type { Talker, TopTalkers } from "../../shared/control/snapshot.ts";

const windowSeconds = 60;
/** Names that are kept of each second. */
const keptNames = 64;
const shownNames = 20;

const noTalkers: TopTalkers = { window_seconds: windowSeconds, identities: [], destinations: [] };

interface Bytes {
  rx: number;
  tx: number;
}

/** Bytes by name over the last minute, of which each second keeps the heaviest. */
class Window {
  readonly #seconds: ReadonlyMap<string, Bytes>[] = [];

  push(second: ReadonlyMap<string, Bytes>): void {
    const heaviest = [...second].toSorted(([, a], [, b]) => b.rx + b.tx - (a.rx + a.tx)).slice(0, keptNames);
    this.#seconds.push(new Map(heaviest));
    if (this.#seconds.length > windowSeconds) this.#seconds.shift();
  }

  top(): Talker[] {
    const sums = new Map<string, Bytes>();
    for (const second of this.#seconds) for (const [name, { rx, tx }] of second) addTo(sums, name, rx, tx);
    const last = this.#seconds.at(-1);
    return [...sums]
      .toSorted(([, a], [, b]) => b.rx + b.tx - (a.rx + a.tx))
      .slice(0, shownNames)
      .map(([name, { rx, tx }]) => {
        const now = last?.get(name);
        return {
          name,
          rx_bytes: Math.round(rx),
          tx_bytes: Math.round(tx),
          rx_bps: Math.round((now?.rx ?? 0) * 8),
          tx_bps: Math.round((now?.tx ?? 0) * 8),
        };
      });
  }
}

/** Who and what has the traffic: identities exactly, from their links, destinations from the data thread's sample. */
export class Talkers {
  readonly #identities = new Window();
  readonly #destinations = new Window();
  #moved = new Map<string, Bytes>();
  #arriving = new Map<string, Bytes>();
  #top = noTalkers;

  /** What the data thread sampled of a second. */
  sampled(destinations: readonly { readonly address: string; readonly rx: number; readonly tx: number }[]): void {
    for (const { address, rx, tx } of destinations) addTo(this.#arriving, address, rx, tx);
  }

  /** What a link of an identity moved in this second. */
  moved(identity: string, rx: number, tx: number): void {
    if (rx + tx > 0) addTo(this.#moved, identity, rx, tx);
  }

  /** Ends a second. */
  tick(): void {
    this.#identities.push(this.#moved);
    this.#destinations.push(this.#arriving);
    this.#moved = new Map();
    this.#arriving = new Map();
    this.#top = {
      window_seconds: windowSeconds,
      identities: this.#identities.top(),
      destinations: this.#destinations.top(),
    };
  }

  get top(): TopTalkers {
    return this.#top;
  }
}

function addTo(sums: Map<string, Bytes>, name: string, rx: number, tx: number): void {
  const sum = sums.get(name);
  if (sum === undefined) {
    sums.set(name, { rx, tx });
    return;
  }
  sum.rx += rx;
  sum.tx += tx;
}

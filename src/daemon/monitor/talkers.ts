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

/** A link with its bytes, which only grow. */
export interface LinkTraffic {
  readonly link: number;
  readonly identity: string;
  readonly rx: number;
  readonly tx: number;
}

/** Who and what has the traffic: identities exactly, from their links, destinations from the data thread's sample. */
export class Talkers {
  readonly #identities = new Window();
  readonly #destinations = new Window();
  #arriving = new Map<string, Bytes>();
  #last = new Map<number, LinkTraffic>();
  #top = noTalkers;

  /** What the data thread sampled of a second. */
  sampled(destinations: readonly { readonly address: string; readonly rx: number; readonly tx: number }[]): void {
    for (const { address, rx, tx } of destinations) addTo(this.#arriving, address, rx, tx);
  }

  /** Ends a second, with the links as they are now. */
  tick(links: Iterable<LinkTraffic>): void {
    const second = new Map<string, Bytes>();
    const seen = new Map<number, LinkTraffic>();
    for (const link of links) {
      const before = this.#last.get(link.link);
      const rx = Math.max(0, link.rx - (before?.rx ?? 0));
      const tx = Math.max(0, link.tx - (before?.tx ?? 0));
      if (rx + tx > 0) addTo(second, link.identity, rx, tx);
      seen.set(link.link, link);
    }
    this.#last = seen;
    this.#identities.push(second);
    this.#destinations.push(this.#arriving);
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

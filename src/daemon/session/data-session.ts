import type { Prefix } from "../../shared/address.ts";
import { PrefixTable } from "./prefix-table.ts";

/** What a session says about itself to the packet path; plain data that crosses the thread boundary. */
export interface SessionSpec {
  /** 16 bytes in hexadecimal. */
  readonly id: string;
  readonly identity: string;
  /** Addresses and networks that belong to this session: what it may send from, and what is sent to it. */
  readonly prefixes: readonly Prefix[];
  /** The smaller of both ends' MTU. */
  readonly mtu: number;
  /** What the peer can inject. */
  readonly peer: {
    readonly checksum: boolean;
    readonly tso4: boolean;
    readonly tso6: boolean;
    readonly uso: boolean;
  };
}

/** What a session needs to know of its links. */
export interface SessionLink {
  readonly id: number;
  readonly index: number;
}

/** A session on the packet path: who may send what, and over which link a flow goes. */
export class DataSession<L extends SessionLink> {
  readonly id: string;
  readonly identity: string;
  mtu: number;
  peer: SessionSpec["peer"];
  prefixes: readonly Prefix[];
  readonly links: L[] = [];
  #owned = new PrefixTable<true>();

  constructor(spec: SessionSpec) {
    this.id = spec.id;
    this.identity = spec.identity;
    this.mtu = spec.mtu;
    this.peer = spec.peer;
    this.prefixes = spec.prefixes;
    this.#index();
  }

  /** Takes what a newer WELCOME or HELLO said. */
  update(spec: SessionSpec): void {
    this.mtu = spec.mtu;
    this.peer = spec.peer;
    this.prefixes = spec.prefixes;
    this.#index();
  }

  owns4(word: number): boolean {
    return this.#owned.find4(word) === true;
  }

  owns6(a: number, b: number, c: number, d: number): boolean {
    return this.#owned.find6(a, b, c, d) === true;
  }

  /** The link for a flow: by rendezvous hash, so that a link that goes moves only its own flows. */
  linkFor(flow: number): L | undefined {
    const { links } = this;
    if (links.length <= 1) return links[0];
    let best: L | undefined;
    let highest = -1;
    for (const link of links) {
      const score = mix(flow ^ Math.imul(link.id, 0x9e3779b1));
      if (score > highest) {
        highest = score;
        best = link;
      }
    }
    return best;
  }

  #index(): void {
    this.#owned = new PrefixTable<true>();
    for (const prefix of this.prefixes) this.#owned.set(prefix, true);
  }
}

function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

import type { Prefix } from "../../shared/address.ts";
import type { FilterRule, PacketFilter } from "../packet/filter.ts";
import type { Millis } from "../../shared/clock.ts";
import { FlowTable } from "./flow-table.ts";
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
  /** What it may send; empty: everything. */
  readonly acl: readonly FilterRule[];
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
  /** Number of the server that it leads to, where a session has links to several; 0 otherwise. */
  readonly group: number;
}

/** The group that a new flow goes to, of those that have links; undefined: whichever. */
export type GroupChooser = (
  flow: number,
  groups: ReadonlySet<number>,
  flowsOf: (group: number) => number,
) => number | undefined;

/** Flows of a session that are remembered. */
const mostFlows = 4096;
/** Where flows are spread over servers a flow that is forgotten may change its server, which can break it. */
const mostSpreadFlows = 32_768;
/** A flow that was silent for this long may move: what it sent has arrived. */
const flowIdle: Millis = 1000;

/** A session on the packet path: who may send what, and over which link a flow goes. */
export class DataSession<L extends SessionLink> {
  readonly id: string;
  readonly identity: string;
  mtu: number;
  peer: SessionSpec["peer"];
  prefixes: readonly Prefix[];
  /** Undefined: it may send everything. */
  filter: PacketFilter | undefined;
  /** Other data threads that have links of it. */
  elsewhere: readonly number[] = [];
  readonly #links: L[] = [];
  readonly #linkOf = new Map<number, L>();
  readonly #now: () => Millis;
  #owned = new PrefixTable<true>();
  /** While there are several links. */
  #flows: FlowTable | undefined;
  /** The link that was the only one before the second came: flows that are under way are on it. */
  #first: { readonly link: L; readonly until: Millis } | undefined;
  #chooser: GroupChooser | undefined;

  constructor(spec: SessionSpec, now: () => Millis) {
    this.#now = now;
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

  /** The links that packets may go over. */
  get links(): readonly L[] {
    return this.#links;
  }

  /** Whether `linkFor` needs to know the flow. */
  get tellsFlows(): boolean {
    return this.#flows !== undefined;
  }

  /** From now on flows are spread over groups of links: one stays with its group, however long it is silent. */
  spread(chooser: GroupChooser): void {
    if (this.#chooser === undefined) this.#flows = new FlowTable(mostSpreadFlows, flowIdle);
    this.#chooser = chooser;
  }

  add(link: L): void {
    const [only] = this.#links;
    if (only !== undefined && this.#links.length === 1 && this.#flows === undefined) {
      this.#flows = new FlowTable(mostFlows, flowIdle);
      this.#first = { link: only, until: this.#now() + flowIdle };
    }
    this.#links.push(link);
    this.#linkOf.set(link.id, link);
  }

  /** Nothing more goes over the link; its flows are the only ones that move. */
  remove(link: L): void {
    const at = this.#links.indexOf(link);
    if (at < 0) return;
    this.#links.splice(at, 1);
    this.#linkOf.delete(link.id);
    if (this.#links.length <= 1 && this.#chooser === undefined) this.#flows = undefined;
  }

  /**
   * The link for a packet of a flow: the one that it is pinned to, until that is removed or the flow was silent for a
   * second, so that its packets are not reordered.
   */
  linkFor(flow: number): L | undefined {
    if (this.#flows === undefined) return this.#links[0];
    const now = this.#now();
    const pinned = this.#linkOf.get(this.#flows.linkOf(flow, now));
    if (pinned !== undefined) return pinned;
    const link = this.#underWay(now) ?? this.#choose(flow, this.#groupFor(flow, this.#flows, now));
    if (link !== undefined) this.#flows.pin(flow, link.id, now, link.group);
    return link;
  }

  /** Undefined: any. */
  #groupFor(flow: number, flows: FlowTable, now: Millis): number | undefined {
    if (this.#chooser === undefined) return undefined;
    const groups = new Set(this.#links.map(({ group }) => group));
    const before = flows.groupOf(flow);
    if (before !== 0 && groups.has(before)) return before;
    return this.#chooser(flow, groups, (group) => flows.liveOf(group, now));
  }

  /** A flow that is not known yet when the second link has just come may have packets on the first. */
  #underWay(now: Millis): L | undefined {
    if (this.#first === undefined) return undefined;
    if (now < this.#first.until) return this.#linkOf.get(this.#first.link.id);
    this.#first = undefined;
    return undefined;
  }

  /** By rendezvous hash, among the links of a group. */
  #choose(flow: number, group: number | undefined): L | undefined {
    let best: L | undefined;
    let highest = -1;
    for (const link of this.#links) {
      if (group !== undefined && link.group !== group) continue;
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

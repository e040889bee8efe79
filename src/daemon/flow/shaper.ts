import type { Millis } from "../../shared/clock.ts";
import { FairQueue, type QueueDrop } from "../limit/fair-queue.ts";
import type { BucketPath } from "../limit/path.ts";
import type { Paced, Release } from "./pacer.ts";
import type { FlowLink, FlowSession } from "./ports.ts";
import { type PieceSize, toWait, type Unit, type Waiting } from "./waiting.ts";

/** Bytes that all queues of a data thread may hold together. */
export interface Budget {
  readonly limit: number;
  used: number;
}

export interface ShaperHandlers {
  sent(item: Waiting): void;
  dropped(reason: QueueDrop | "no_link"): void;
  waited(session: FlowSession, by: "bucket" | "window"): void;
}

/** Of one session, however much the others leave of the budget. */
const mostQueued = 4 * 1024 * 1024;
/** What keeps every link of a session at work until the TUN is read again; of several, most may wait for one of them. */
const enoughToFill = 512 * 1024;
const enoughForOne = 64 * 1024;
/** A turn sends about this much, so that sessions that share a bucket alternate. */
const turnBytes = 16 * 1024;
/** Packets that the kernel keeps of a TUN that is not read (tun.c, txqueuelen), and how long they may be late for it. */
const kernelQueue = 500;
const mostLate: Millis = 10;
/** A path that stood still is as fast as before in the next moment: what it promised last is no reason to sleep longer. */
const lookAgain: Millis = 20;
const largestPiece = 65_535;
const smallestPiece = 1514;

/** Frames for one link that go in one write. */
interface Burst {
  link: FlowLink | undefined;
  readonly frames: Uint8Array[];
  bytes: number;
  inner: number;
}

function noBurst(): Burst {
  return { link: undefined, frames: [], bytes: 0, inner: 0 };
}

/** What waits on its way to one session: for tokens of its buckets, or for a link that takes it. */
export class Shaper implements Paced {
  readonly #session: FlowSession;
  readonly #queue: FairQueue<Waiting>;
  readonly #budget: Budget;
  readonly #handlers: ShaperHandlers;
  #burst: Burst = noBurst();
  /** Undefined while nothing limits the session. */
  path: BucketPath | undefined;

  constructor(session: FlowSession, budget: Budget, handlers: ShaperHandlers) {
    this.#session = session;
    this.#budget = budget;
    this.#handlers = handlers;
    this.#queue = new FairQueue<Waiting>(mostQueued, (item, reason) => this.#dropped(item, reason));
  }

  /** Whether a packet of `length` for the link must wait here; `ahead` bytes are gathered for the link already. */
  holds(link: FlowLink, exclusive: boolean, length: number, ahead: number): boolean {
    if (this.path !== undefined || this.#queue.size > 0) return true;
    if (link.bounded) return length > (link.pace ?? length) || link.room <= ahead;
    return !exclusive && link.room <= ahead;
  }

  /** Copies the unit and lets it wait. */
  accept(unit: Unit, link: FlowLink): void {
    const piece = this.#piece(link);
    this.#queue.quantum = Math.max(smallestPiece, Math.min(largestPiece, piece.bytes));
    this.#queue.pace = piece.bytes;
    // What waits at the start of a link may only wait until its speed is known; a drop would end a flow's own start.
    this.#queue.patient = this.path === undefined && !link.settled;
    toWait(unit, this.#session.peer, piece, (item) => {
      this.#budget.used += item.frame.length;
      // As much as is left for others, who may come later (Choudhury and Hahne, "Dynamic queue length thresholds", 1998).
      this.#queue.limit = Math.min(mostQueued, this.#budget.limit - this.#budget.used);
      this.#queue.enqueue(item);
    });
  }

  /**
   * Nothing limits the session, no link of it has room, and enough waits to fill them all: more can wait where it is, in
   * the kernel's one queue, unless what lies there would be late on a slow path.
   */
  get saturated(): boolean {
    const enough = this.#session.links.length > 1 ? enoughToFill : enoughForOne;
    if (this.path !== undefined || this.#queue.bytes < enough) return false;
    const inKernel = (kernelQueue * this.#queue.bytes) / this.#queue.size;
    return this.#session.links.every(
      (link) => link.room <= 0 && (!link.bounded || inKernel <= (link.pace ?? 0) * mostLate),
    );
  }

  release(now: Millis): Release {
    const release = this.#takeTurn(now);
    this.#sendBurst();
    return release;
  }

  #takeTurn(now: Millis): Release {
    for (let turn = 0; turn < turnBytes; ) {
      if (this.#queue.size === 0) return "idle";
      const wait = this.path?.wait(now) ?? 0;
      if (wait > 0) {
        this.#handlers.waited(this.#session, "bucket");
        return { again: now + wait, sent: turn > 0, all: true };
      }
      const item = this.#queue.dequeue(now, this.#mayGo);
      if (item === undefined) {
        return this.#queue.size === 0 ? "idle" : this.#fullUntil(now, turn > 0);
      }
      this.#take(item, now);
      turn += item.bytes;
    }
    return "sent";
  }

  /** What waits, in each flow's order; it waits here no longer. */
  giveUp(): Waiting[] {
    const items = this.#queue.clear();
    for (const { frame } of items) this.#budget.used -= frame.length;
    return items;
  }

  /** Drops what waits. */
  close(): void {
    for (const item of this.#queue.clear()) this.#dropped(item, "no_link");
  }

  readonly #mayGo = ({ flow }: Waiting): boolean => {
    const link = this.#session.linkFor(flow);
    return link !== undefined && this.#hasRoom(link);
  };

  #hasRoom(link: FlowLink): boolean {
    return link.room > (link === this.#burst.link ? this.#burst.bytes : 0);
  }

  /** The links of what waits have no room. */
  #fullUntil(now: Millis, sent: boolean): Release {
    this.#handlers.waited(this.#session, "window");
    let soonest = Number.POSITIVE_INFINITY;
    for (const { roomIn } of this.#session.links) {
      if (roomIn !== undefined) soonest = Math.min(soonest, roomIn < lookAgain ? roomIn : lookAgain);
    }
    if (soonest === Number.POSITIVE_INFINITY) return "idle";
    return { again: now + soonest, sent, all: !this.#session.links.some((link) => this.#hasRoom(link)) };
  }

  /** The packet goes; it is written with those of the same turn and link. */
  #take(item: Waiting, now: Millis): void {
    this.#budget.used -= item.frame.length;
    this.path?.take(item.bytes, item.packets, this.#queue.size === 0 ? 0 : now - item.since);
    const link = this.#session.linkFor(item.flow);
    if (link !== this.#burst.link) this.#sendBurst();
    this.#burst.link = link;
    this.#burst.frames.push(item.frame);
    this.#burst.bytes += item.frame.length;
    this.#burst.inner += item.inner;
    this.#handlers.sent(item);
  }

  #sendBurst(): void {
    const { link, frames, bytes, inner } = this.#burst;
    this.#burst = noBurst();
    const [first] = frames;
    if (first === undefined) return;
    link?.send(frames.length === 1 ? first : Buffer.concat(frames, bytes), frames.length, inner, undefined);
  }

  #dropped(item: Waiting, reason: QueueDrop | "no_link"): void {
    this.#budget.used -= item.frame.length;
    const blocker = this.path?.blocker;
    if (blocker !== undefined) blocker.dropped += item.packets;
    this.#handlers.dropped(reason);
  }

  /** A millisecond of what passes. */
  #piece(link: FlowLink): PieceSize {
    const pace = (link.bounded ? link.pace : undefined) ?? Number.POSITIVE_INFINITY;
    const { path } = this;
    if (path === undefined) return { bytes: pace, packets: Number.POSITIVE_INFINITY };
    return { bytes: Math.min(pace, path.perMilli("bytes")), packets: path.perMilli("packets") };
  }
}

import { Bottleneck } from "./bottleneck.ts";
import type { DirectionReport, DropReason } from "./counters.ts";
import { DueHeap } from "./due-heap.ts";
import { type BurstState, dice, type Fate, fateOf, type Roll } from "./fate.ts";
import { type Action, Rules } from "./rules.ts";
import { type Change, type DirectionSettings, perfectWire } from "./settings.ts";

/** Hands a frame to the far side; false when it was not taken. */
export type Deliver = (frame: Buffer) => boolean;

interface Sent {
  readonly frame: Buffer;
  readonly size: number;
  readonly fate: Fate;
}

const ethernetHeader = 14;

/** A copy with one bit flipped behind the Ethernet header; `where` is in [0, 1). */
function corrupted(frame: Buffer, where: number): Buffer {
  const copy = Buffer.from(frame);
  const bit = Math.floor(where * (copy.length - ethernetHeader) * 8);
  const at = ethernetHeader + (bit >> 3);
  const byte = copy[at];
  if (byte !== undefined) copy[at] = byte ^ (1 << (bit & 7));
  return copy;
}

function withActions(fate: Fate, actions: readonly Action[], roll: Roll): Fate {
  if (fate.kind === "lost") return fate;
  return actions.reduce((fate, action) => {
    switch (action.kind) {
      case "duplicate":
        return { ...fate, duplicate: true };
      case "corrupt":
        return { ...fate, corruptBit: roll.corruptBit };
      case "hold":
        return { ...fate, held: true, delay: fate.delay + action.ms };
      case "drop":
        return fate;
    }
  }, fate);
}

/**
 * One direction of the link: rules, then the queue before the rate, then the wire with its losses, faults and delay.
 * The fate of a frame is decided when it arrives. Time is an argument (milliseconds on any clock, never backwards).
 */
export class Direction {
  readonly rules: Rules = new Rules();
  #settings: DirectionSettings = perfectWire;
  #roll: () => Roll;
  #burst: BurstState = "good";
  #bottleneck = new Bottleneck<Sent>(perfectWire);
  #flying = new DueHeap<Buffer>();
  #lastDue = 0;
  #dropped: Record<DropReason, number> = { rule: 0, queue: 0, loss: 0, burst: 0, refused: 0 };
  #counts = { frames_in: 0, bytes_in: 0, frames_out: 0, bytes_out: 0, duplicated: 0, corrupted: 0, held: 0 };
  #mostQueuedBytes = 0;
  #late = { sum: 0, most: 0, frames: 0 };

  constructor(seed: string) {
    this.#roll = dice(seed);
  }

  /** Sets other values for frames from now on; those that wait for the rate leave at the new one. */
  change(change: Change, now: number): void {
    this.#bottleneck.release(now, this.#onWire);
    // zod gives optional fields that may be undefined, which must not undo a setting.
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    this.#settings = { ...this.#settings, ...given };
    this.#bottleneck.limit(this.#settings, now);
  }

  /** Takes a frame over; its bytes must not change afterwards. */
  accept(frame: Buffer, now: number): void {
    this.#counts.frames_in += 1;
    this.#counts.bytes_in += frame.length;
    const roll = this.#roll();
    const { fate, burst } = fateOf(roll, this.#burst, this.#settings);
    this.#burst = burst;
    const actions = this.rules.actions(frame);
    if (actions.some(({ kind }) => kind === "drop")) return this.#drop("rule");
    this.#bottleneck.release(now, this.#onWire);
    const sent = { frame, size: frame.length, fate: withActions(fate, actions, roll) };
    if (!this.#bottleneck.offer(sent, now)) return this.#drop("queue");
    this.#mostQueuedBytes = Math.max(this.#mostQueuedBytes, this.#bottleneck.bytes);
    this.#bottleneck.release(now, this.#onWire);
  }

  /** Delivers what is due. */
  advance(now: number, deliver: Deliver): void {
    this.#bottleneck.release(now, this.#onWire);
    for (let next = this.#flying.pop(now); next !== undefined; next = this.#flying.pop(now)) {
      this.#countLate(now - next.due);
      if (!deliver(next.item)) this.#drop("refused");
      else {
        this.#counts.frames_out += 1;
        this.#counts.bytes_out += next.item.length;
      }
    }
  }

  /** When `advance` is needed next; undefined when nothing is under way. */
  get due(): number | undefined {
    const [leaves, arrives] = [this.#bottleneck.due, this.#flying.due];
    return leaves === undefined ? arrives : Math.min(leaves, arrives ?? Infinity);
  }

  report(): DirectionReport {
    return {
      ...this.#counts,
      dropped: { ...this.#dropped },
      queued: this.#bottleneck.frames,
      flying: this.#flying.size,
      most_queued_bytes: this.#mostQueuedBytes,
      late_mean_ms: this.#late.frames === 0 ? 0 : this.#late.sum / this.#late.frames,
      late_most_ms: this.#late.most,
      rules: this.rules.counts(),
    };
  }

  #onWire = ({ frame, fate }: Sent, at: number): void => {
    if (fate.kind === "lost") return this.#drop(fate.by);
    let due = at + fate.delay;
    if (fate.held) this.#counts.held += 1;
    else if (this.#settings.keep_order) {
      due = Math.max(due, this.#lastDue);
      this.#lastDue = due;
    }
    if (fate.corruptBit !== undefined) this.#counts.corrupted += 1;
    this.#flying.push(due, fate.corruptBit === undefined ? frame : corrupted(frame, fate.corruptBit));
    if (!fate.duplicate) return;
    this.#counts.duplicated += 1;
    this.#flying.push(due, frame);
  };

  #drop(reason: DropReason): void {
    this.#dropped[reason] += 1;
  }

  #countLate(by: number): void {
    this.#late.sum += by;
    this.#late.frames += 1;
    this.#late.most = Math.max(this.#late.most, by);
  }
}

import type { Millis } from "../../shared/clock.ts";
import { frameHeaderBytes, frameType, writeFrameHeader } from "../link/frame.ts";
import { counterIndex } from "../metrics/counters.ts";
import { isPlain, unitHeaderLength } from "../packet/vnet.ts";
import type { FlowLink, FlowSession } from "./ports.ts";
import type { Shapers } from "./shapers.ts";
import { sendable, splitIntoFrames } from "./unit.ts";

/** Brings one unit that did not surface on this thread's TUN queue to a link of its session. */
export class Delivery {
  readonly #counters: Float64Array;
  readonly #shapers: Shapers;
  readonly #now: () => Millis;

  constructor(parts: { counters: Float64Array; shapers: Shapers; now: () => Millis }) {
    this.#counters = parts.counters;
    this.#shapers = parts.shapers;
    this.#now = parts.now;
  }

  /**
   * Copies the unit, whose header in link form is at `header` and whose packet has `length` bytes, to the link, or lets
   * it wait for it; the 4 bytes in front of the header are overwritten.
   */
  deliver(to: FlowSession, link: FlowLink, flow: number, bytes: Buffer, header: number, length: number): void {
    const shaper = this.#shapers.of(to);
    if (shaper.holds(link, false, length, 0)) {
      shaper.accept({ bytes, header, length, flow, since: this.#now() }, link);
      return this.#shapers.added(to);
    }
    const whole = isPlain(bytes, header) || sendable(bytes, header, to.peer);
    const { frames, units, inner } = whole
      ? { frames: frameOf(bytes, header, length), units: 1, inner: length }
      : splitIntoFrames(bytes, header, length);
    link.send(frames, units, inner, undefined);
    this.#counters[counterIndex.tx_packets]! += units;
    this.#counters[counterIndex.tx_bytes]! += inner;
    this.#counters[counterIndex.frames_accepted]! += units;
  }
}

function frameOf(bytes: Buffer, header: number, length: number): Buffer {
  const plain = isPlain(bytes, header);
  const body = plain ? header + unitHeaderLength : header;
  const end = header + unitHeaderLength + length;
  writeFrameHeader(bytes, body - frameHeaderBytes, plain ? frameType.packet : frameType.offload, end - body);
  return Buffer.from(bytes.subarray(body - frameHeaderBytes, end));
}

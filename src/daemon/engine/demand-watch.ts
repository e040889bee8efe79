import { frameHeaderBytes, frameType, offloadFieldsBytes } from "../link/frame.ts";
import { flowHash } from "../packet/transport.ts";
import { FlowCensus } from "../session/flow-census.ts";

/** Of single packets, one in this many is looked at. */
const sampled = 8;
/** Frames of a run that are looked at. */
const framesOfRun = 16;
/** Ticks of the data thread in a second. */
const ticks = 4;

/** Tells once a second how many flows move data, so that the control plane can give them links. */
export class DemandWatch {
  readonly #census = new FlowCensus();
  readonly #tell: (flows: number) => void;
  #packets = 0;
  #ticks = 0;

  constructor(tell: (flows: number) => void) {
    this.#tell = tell;
  }

  /** Whole frames leave, all for one link: the first few stand for them all. */
  sending(frames: Uint8Array, innerBytes: number): void {
    let seen = 0;
    let at = 0;
    for (; at < frames.length && seen < framesOfRun; seen++) at = frameEnd(frames, at);
    const scale = innerBytes / at;
    for (let start = 0, end = 0; start < at; start = end) {
      end = frameEnd(frames, start);
      const type = frames[start];
      if (type !== frameType.packet && type !== frameType.offload) continue;
      const packet = start + frameHeaderBytes + (type === frameType.offload ? offloadFieldsBytes : 0);
      this.#census.note("up", flowHash(frames, packet, end - packet), (end - start) * scale);
    }
  }

  arrived(type: number, bytes: Uint8Array, body: number, length: number): void {
    const offload = type === frameType.offload;
    this.#packets += 1;
    if (!offload && this.#packets % sampled !== 0) return;
    const packet = offload ? body + offloadFieldsBytes : body;
    const size = body + length - packet;
    // Not checked yet: the hash of a header that lies is a hash all the same.
    this.#census.note("down", flowHash(bytes, packet, size), offload ? size : size * sampled);
  }

  tick(): void {
    this.#ticks += 1;
    if (this.#ticks % ticks === 0) this.#tell(this.#census.take());
  }
}

function frameEnd(frames: Uint8Array, at: number): number {
  return at + frameHeaderBytes + ((frames[at + 1]! << 16) | (frames[at + 2]! << 8) | frames[at + 3]!);
}

import { addressFromBytes, formatAddress } from "../../shared/address.ts";
import { SpaceSaving } from "./space-saving.ts";
import { destinationIpv4, ipVersion, sourceIpv4 } from "../packet/ip.ts";

/** Bytes of a destination's packets: rx from the peers, tx to them. */
export interface DestinationBytes {
  readonly address: string;
  readonly rx: number;
  readonly tx: number;
}

const capacity = 64;
/** Samples a second of each direction that are aimed at; the bytes between two follow from the traffic. */
const samplesWanted = 500;
/** Above it within a second, samples are made rarer at once. */
const samplesMost = 2_000;

/** One direction: every `step` bytes a packet is looked at and stands for all of them, so that a byte is a byte. */
class Countdown {
  step = 1;
  left = 1;
  seen = 0;
  samples = 0;

  /** The bytes that the packet stands for, once its turn has come. */
  due(): number {
    const steps = 1 + Math.floor(-this.left / this.step);
    const bytes = steps * this.step;
    this.left += bytes;
    this.seen += bytes;
    this.samples += 1;
    if (this.samples % samplesMost === 0) this.step *= 2;
    return bytes;
  }

  /** Once a second. */
  adapt(): void {
    this.step = Math.max(1, Math.round(this.seen / samplesWanted));
    this.left = Math.min(this.left, this.step);
    this.seen = 0;
    this.samples = 0;
  }
}

/**
 * Where the traffic goes, by the address that is not the client's: services behind a server, whatever is behind the
 * tunnel for a client. Costs the packet path one subtraction a packet, and a look at some hundred packets a second.
 */
export class TrafficSampler {
  /** Whether the far end is where packets to the peer come from. */
  readonly #farSends: boolean;
  readonly #rx = new Countdown();
  readonly #tx = new Countdown();
  readonly #sketch = new SpaceSaving<number | string>(capacity);

  constructor(mode: "server" | "client") {
    this.#farSends = mode === "server";
  }

  /** A packet of `size` bytes at `packet` that came from a peer. */
  received(bytes: Buffer, packet: number, size: number): void {
    this.#rx.left -= size;
    if (this.#rx.left <= 0) this.#sketch.add(addressAt(bytes, packet, !this.#farSends), this.#rx.due(), 0);
  }

  /** A packet that goes to a peer. */
  sent(bytes: Buffer, packet: number, size: number): void {
    this.#tx.left -= size;
    if (this.#tx.left <= 0) this.#sketch.add(addressAt(bytes, packet, this.#farSends), 0, this.#tx.due());
  }

  /** The heaviest destinations since the last call, which is about a second ago. */
  take(): DestinationBytes[] {
    this.#rx.adapt();
    this.#tx.adapt();
    return this.#sketch.take().map(({ key, rx, tx }) => ({ address: written(key), rx, tx }));
  }
}

/** IPv4 as a number, IPv6 as the 16 bytes in a string: neither makes text of an address on the packet path. */
function addressAt(bytes: Buffer, packet: number, source: boolean): number | string {
  if (ipVersion(bytes, packet) === 4) return source ? sourceIpv4(bytes, packet) : destinationIpv4(bytes, packet);
  const at = packet + (source ? 8 : 24);
  return bytes.toString("latin1", at, at + 16);
}

function written(key: number | string): string {
  return typeof key === "number"
    ? formatAddress({ family: 4, word: key })
    : formatAddress(addressFromBytes(Buffer.from(key, "latin1")));
}

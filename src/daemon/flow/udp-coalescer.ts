import { putU16, u16, u32 } from "../packet/bytes.ts";
import { pseudoHeaderSum, setIpv4Checksum } from "../packet/checksum.ts";
import { dontFragment, ipv4HeaderLength, ipv6HeaderLength } from "../packet/ip.ts";
import { protocolUdp } from "../packet/transport.ts";
import { flagNeedsChecksum, kindNone, kindUdp4, kindUdp6, linkToVnet, unitHeaderLength } from "../packet/vnet.ts";
import type { TunBuffer, TunDevice } from "../tun/device.ts";

const udpHeaderLength = 8;
/**
 * The kernel takes 64 (linux/udp.h's UDP_MAX_SEGMENTS before it was raised to 128), but the receiving socket gets a unit at one blow
 * (docs/decisions/0003-datagrams-in-one-write.md).
 */
const mostSegments = 32;
const largestPacket = 65_535;

/**
 * Gathers datagrams of one flow that arrive one after another into one unit for the TUN: a write costs the kernel most
 * of what a small packet costs at all. Only datagrams of one size (the last may be shorter) whose checksum is still to be
 * completed, as a sender's kernel with offload leaves them; the receiving kernel cuts the unit into the same datagrams.
 */
export class UdpCoalescer {
  readonly #unit: TunBuffer;
  readonly #write: (unit: TunBuffer, length: number, packets: number) => void;
  /** Packets gathered; 0: none. */
  #count = 0;
  /** Length of the unit's packet so far. */
  #length = 0;
  #headers = 0;
  #segment = 0;
  /** A shorter datagram has ended the unit. */
  #ended = false;

  /** `write` gets units with their virtio header, and how many packets each holds. */
  constructor(device: Pick<TunDevice, "allocate">, write: (unit: TunBuffer, length: number, packets: number) => void) {
    this.#unit = device.allocate(unitHeaderLength + largestPacket);
    this.#write = write;
  }

  /**
   * Takes the packet of `size` bytes at `packet`, whose checked header in link form is in front; false when it is none
   * to gather, and then everything gathered has been written.
   */
  take(bytes: Buffer, packet: number, size: number): boolean {
    const headers = headersOf(bytes, packet, size);
    if (headers === 0) {
      this.flush();
      return false;
    }
    if (this.#count > 0 && !this.#continues(bytes, packet, size, headers)) this.flush();
    if (this.#count === 0) this.#begin(bytes, packet, size, headers);
    else this.#append(bytes, packet, size);
    return true;
  }

  /** Writes what was gathered; called when the sender's bytes at hand are through. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (count > 1) this.#finishHeaders();
    linkToVnet(this.#unit.bytes, 0);
    this.#write(this.#unit, unitHeaderLength + this.#length, count);
  }

  #begin(bytes: Buffer, packet: number, size: number, headers: number): void {
    bytes.copy(this.#unit.bytes, 0, packet - unitHeaderLength, packet + size);
    this.#count = 1;
    this.#length = size;
    this.#headers = headers;
    this.#segment = size - headers;
    this.#ended = false;
  }

  #append(bytes: Buffer, packet: number, size: number): void {
    bytes.copy(this.#unit.bytes, unitHeaderLength + this.#length, packet + this.#headers, packet + size);
    this.#length += size - this.#headers;
    this.#count += 1;
    this.#ended = size - this.#headers < this.#segment;
  }

  /** Whether the packet is the next datagram of the unit. */
  #continues(bytes: Buffer, packet: number, size: number, headers: number): boolean {
    const payload = size - headers;
    if (this.#ended || headers !== this.#headers || payload > this.#segment || payload === 0) return false;
    if (this.#count >= mostSegments || this.#length + payload > largestPacket) return false;
    return sameFlow(this.#unit.bytes, unitHeaderLength, bytes, packet, headers, this.#count);
  }

  #finishHeaders(): void {
    const { bytes } = this.#unit;
    const packet = unitHeaderLength;
    const four = this.#headers === ipv4HeaderLength + udpHeaderLength;
    const udp = packet + this.#headers - udpHeaderLength;
    const udpLength = this.#length - this.#headers + udpHeaderLength;
    bytes[0] = four ? kindUdp4 : kindUdp6;
    putU16(bytes, 2, this.#headers);
    putU16(bytes, 4, this.#segment);
    putU16(bytes, udp + 4, udpLength);
    if (four) {
      putU16(bytes, packet + 2, this.#length);
      setIpv4Checksum(bytes, packet);
    } else {
      putU16(bytes, packet + 4, udpLength);
    }
    putU16(bytes, udp + 6, pseudoHeaderSum(bytes, packet, protocolUdp, udpLength));
  }
}

/** IP and UDP header of a datagram that may be gathered, without IP options or extensions; 0 for anything else. */
function headersOf(bytes: Buffer, packet: number, size: number): number {
  const header = packet - unitHeaderLength;
  if (bytes[header] !== kindNone || bytes[header + 1] !== flagNeedsChecksum) return 0;
  const start = u16(bytes, header + 6);
  const four = bytes[packet] === 0x45;
  if (start !== (four ? ipv4HeaderLength : ipv6HeaderLength)) return 0;
  if (bytes[packet + (four ? 9 : 6)] !== protocolUdp || (four && (u16(bytes, packet + 6) & 0x3fff) !== 0)) return 0;
  const headers = start + udpHeaderLength;
  return size > headers && u16(bytes, packet + start + 4) === size - start ? headers : 0;
}

/** Same addresses, ports and everything else that the unit's packets will have in common. */
function sameFlow(unit: Buffer, at: number, bytes: Buffer, packet: number, headers: number, count: number): boolean {
  if (u16(unit, at) !== u16(bytes, packet)) return false;
  const ports = headers - udpHeaderLength;
  if (u32(unit, at + ports) !== u32(bytes, packet + ports)) return false;
  if (headers === ipv4HeaderLength + udpHeaderLength) {
    if (u32(unit, at + 12) !== u32(bytes, packet + 12) || u32(unit, at + 16) !== u32(bytes, packet + 16)) return false;
    if (u16(unit, at + 6) !== u16(bytes, packet + 6) || unit[at + 8] !== bytes[packet + 8]) return false;
    // The receiving kernel counts the identification up; it means something only where fragments are allowed.
    return dontFragment(unit, at) || u16(bytes, packet + 4) === ((u16(unit, at + 4) + count) & 0xffff);
  }
  if (u16(unit, at + 2) !== u16(bytes, packet + 2) || unit[at + 7] !== bytes[packet + 7]) return false;
  for (let word = 8; word < ipv6HeaderLength; word += 4) {
    if (u32(unit, at + word) !== u32(bytes, packet + word)) return false;
  }
  return true;
}

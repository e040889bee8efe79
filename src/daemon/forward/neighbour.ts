import { addToSum, checksumOf, pseudoHeaderSum } from "../packet/checksum.ts";
import { allZero, type Bytes, ethernetLength, type LanMessage, macLength, putEthernet } from "./lan-message.ts";

export const ipv6Type = 0x86dd;

// RFC 8200 and RFC 4861; offsets from the start of the frame.
const headerLength = 40;
const icmpAt = ethernetLength + headerLength;
const flagsAt = icmpAt + 4;
const targetAt = icmpAt + 8;
const optionsAt = icmpAt + 24;
const nextHeaderIcmp = 58;
/** Shows that a message was not forwarded by a router. */
const onLinkHops = 255;
const solicitation = 135;
const advertisement = 136;
const solicitedFlag = 0x40;
const overrideFlag = 0x20;
const sourceMacOption = 1;
const targetMacOption = 2;
const allNodes: Bytes = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/**
 * Reads a neighbour solicitation or an unsolicited advertisement that overrides (RFC 4861, 7.1). Undefined for answers
 * to others and for what is malformed.
 */
export function readNeighbour(frame: Buffer): LanMessage | undefined {
  if (frame.length < optionsAt || frame.readUInt16BE(12) !== ipv6Type || frame[ethernetLength]! >>> 4 !== 6) {
    return undefined;
  }
  const length = frame.readUInt16BE(18);
  if (frame[20] !== nextHeaderIcmp || frame[21] !== onLinkHops) return undefined;
  if (length < optionsAt - icmpAt || icmpAt + length > frame.length || frame[icmpAt + 1] !== 0) return undefined;
  const sum = pseudoHeaderSum(frame, ethernetLength, nextHeaderIcmp, length);
  if (checksumOf(addToSum(frame, icmpAt, length, sum)) !== 0) return undefined;
  const options = readOptions(frame.subarray(optionsAt, icmpAt + length));
  const target = frame.subarray(targetAt, optionsAt);
  if (options === undefined || target[0] === 0xff) return undefined;
  const etherSource = frame.subarray(macLength, 2 * macLength);
  if (frame[icmpAt] === solicitation) {
    const source = frame.subarray(ethernetLength + 8, ethernetLength + 24);
    const asker = allZero(source) ? undefined : source;
    return { kind: "asks", target, askerMac: options.get(sourceMacOption) ?? etherSource, asker };
  }
  if (frame[icmpAt] !== advertisement) return undefined;
  const flags = frame[flagsAt]!;
  if ((flags & solicitedFlag) !== 0 || (flags & overrideFlag) === 0) return undefined;
  return { kind: "announces", address: target, mac: options.get(targetMacOption) ?? etherSource };
}

/** Hardware addresses by the type of their option; undefined when the options are malformed. */
function readOptions(bytes: Buffer): Map<number, Bytes> | undefined {
  const macs = new Map<number, Bytes>();
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 1] ?? 0) * 8;
    if (length === 0 || at + length > bytes.length) return undefined;
    macs.set(bytes[at]!, bytes.subarray(at + 2, at + 2 + macLength));
    at += length;
  }
  return macs;
}

/** Tells who asked that `mac` has the address; after a probe for duplicates, tells everybody. */
export function neighbourAnswer(mac: Bytes, question: Extract<LanMessage, { kind: "asks" }>): Buffer {
  const { target, asker, askerMac } = question;
  if (asker === undefined) return neighbourAnnouncement(mac, target);
  return advertisementFrame(mac, target, solicitedFlag | overrideFlag, askerMac, asker);
}

/** Tells everybody that `mac` has the address, in place of what they believed. */
export function neighbourAnnouncement(mac: Bytes, address: Bytes): Buffer {
  return advertisementFrame(mac, address, overrideFlag, multicastMac(allNodes), allNodes);
}

function advertisementFrame(mac: Bytes, target: Bytes, flags: number, toMac: Bytes, to: Bytes): Buffer {
  const length = optionsAt - icmpAt + 8;
  const frame = Buffer.alloc(icmpAt + length);
  putEthernet(frame, toMac, mac, ipv6Type);
  frame[ethernetLength] = 0x60;
  frame.writeUInt16BE(length, 18);
  frame[20] = nextHeaderIcmp;
  frame[21] = onLinkHops;
  frame.set(target, ethernetLength + 8);
  frame.set(to, ethernetLength + 24);
  frame[icmpAt] = advertisement;
  frame[flagsAt] = flags;
  frame.set(target, targetAt);
  frame[optionsAt] = targetMacOption;
  frame[optionsAt + 1] = 1;
  frame.set(mac, optionsAt + 2);
  const sum = pseudoHeaderSum(frame, ethernetLength, nextHeaderIcmp, length);
  frame.writeUInt16BE(checksumOf(addToSum(frame, icmpAt, length, sum)), icmpAt + 2);
  return frame;
}

/** The group to which the solicitations for an address go (RFC 4291, 2.7.1), as a hardware address (RFC 2464, 7). */
export function solicitedNodeMac(address: Bytes): Bytes {
  return Uint8Array.of(0x33, 0x33, 0xff, ...address.subarray(13, 16));
}

function multicastMac(group: Bytes): Bytes {
  return Uint8Array.of(0x33, 0x33, ...group.subarray(12, 16));
}

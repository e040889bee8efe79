import {
  allZero,
  broadcastMac,
  type Bytes,
  ethernetLength,
  type LanMessage,
  macLength,
  putEthernet,
  sameBytes,
} from "./lan-message.ts";

export const arpType = 0x0806;

// RFC 826; offsets from the start of the frame.
const bodyLength = 28;
const ethernetHardware = 1;
const ipv4Protocol = 0x0800;
const request = 1;
const reply = 2;
const operationAt = 20;
const senderMacAt = 22;
const senderAt = 28;
const targetMacAt = 32;
const targetAt = 38;
const noMac: Bytes = new Uint8Array(macLength);

/**
 * Reads an ARP frame for IPv4 over Ethernet (RFC 826, RFC 5227). One whose sender asks for its own address is an
 * announcement. Undefined for answers to others and for what is malformed.
 */
export function readArp(frame: Buffer): LanMessage | undefined {
  if (frame.length < ethernetLength + bodyLength || frame.readUInt16BE(12) !== arpType) return undefined;
  if (frame.readUInt16BE(14) !== ethernetHardware || frame.readUInt16BE(16) !== ipv4Protocol) return undefined;
  if (frame[18] !== macLength || frame[19] !== 4) return undefined;
  const operation = frame.readUInt16BE(operationAt);
  const mac = frame.subarray(senderMacAt, senderAt);
  const sender = frame.subarray(senderAt, targetMacAt);
  const target = frame.subarray(targetAt, targetAt + 4);
  if (sameBytes(sender, target)) {
    return operation === request || operation === reply ? { kind: "announces", address: sender, mac } : undefined;
  }
  if (operation !== request) return undefined;
  return { kind: "asks", target, askerMac: mac, asker: allZero(sender) ? undefined : sender };
}

/** Tells who asked that `mac` has the address. */
export function arpAnswer(mac: Bytes, question: Extract<LanMessage, { kind: "asks" }>): Buffer {
  return arpFrame(reply, { mac, address: question.target }, question.askerMac, {
    mac: question.askerMac,
    address: question.asker ?? new Uint8Array(4),
  });
}

/** Tells everybody that `mac` has the address: a request for it by itself (RFC 5227, 2.3). */
export function arpAnnouncement(mac: Bytes, address: Bytes): Buffer {
  return arpFrame(request, { mac, address }, broadcastMac, { mac: noMac, address });
}

interface Party {
  readonly mac: Bytes;
  readonly address: Bytes;
}

function arpFrame(operation: number, sender: Party, to: Bytes, target: Party): Buffer {
  const frame = Buffer.alloc(ethernetLength + bodyLength);
  putEthernet(frame, to, sender.mac, arpType);
  frame.writeUInt16BE(ethernetHardware, 14);
  frame.writeUInt16BE(ipv4Protocol, 16);
  frame[18] = macLength;
  frame[19] = 4;
  frame.writeUInt16BE(operation, operationAt);
  frame.set(sender.mac, senderMacAt);
  frame.set(sender.address, senderAt);
  frame.set(target.mac, targetMacAt);
  frame.set(target.address, targetAt);
  return frame;
}

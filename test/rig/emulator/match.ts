import { z } from "zod";

const flagBits = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;
const flag = z.enum(["fin", "syn", "rst", "psh", "ack"]);

/** Which frames a rule speaks of; what is left out matches anything. */
export const matchShape = z.strictObject({
  protocol: z.enum(["arp", "icmp", "icmpv6", "tcp", "udp"]).optional(),
  /** TCP or UDP port on either side. */
  port: z.int().min(1).max(65_535).optional(),
  /** TCP flags that are all set. */
  flags: z.array(flag).optional(),
  /** TCP flags that are all clear. */
  without: z.array(flag).optional(),
  /** Least bytes of TCP payload. */
  payload: z.int().positive().optional(),
});
export type Match = Readonly<z.infer<typeof matchShape>>;

/** What is inside a frame, as far as a rule can ask. */
export interface Inside {
  readonly protocol: Match["protocol"];
  readonly ports: readonly number[];
  readonly flags: number;
  readonly payload: number;
}

const nothing: Inside = { protocol: undefined, ports: [], flags: 0, payload: 0 };
const ethernetHeader = 14;

function tcp(segment: Buffer): Inside {
  if (segment.length < 20) return { ...nothing, protocol: "tcp" };
  return {
    protocol: "tcp",
    ports: [segment.readUInt16BE(0), segment.readUInt16BE(2)],
    flags: segment.readUInt8(13),
    payload: Math.max(0, segment.length - (segment.readUInt8(12) >> 4) * 4),
  };
}

function transport(protocol: number, bytes: Buffer): Inside {
  if (protocol === 6) return tcp(bytes);
  if (protocol === 1) return { ...nothing, protocol: "icmp" };
  if (protocol === 58) return { ...nothing, protocol: "icmpv6" };
  if (protocol !== 17) return nothing;
  const ports = bytes.length < 4 ? [] : [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
  return { ...nothing, protocol: "udp", ports };
}

/** Looks into an Ethernet frame. IPv6 with extension headers and later IPv4 fragments count as unknown inside. */
export function lookInside(frame: Buffer): Inside {
  if (frame.length < ethernetHeader + 20) return nothing;
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(ethernetHeader);
  if (type === 0x0806) return { ...nothing, protocol: "arp" };
  if (type === 0x0800) {
    const isLaterFragment = (packet.readUInt16BE(6) & 0x1fff) !== 0;
    const header = (packet.readUInt8(0) & 15) * 4;
    // Short frames carry padding behind the packet.
    return isLaterFragment ? nothing : transport(packet.readUInt8(9), packet.subarray(header, packet.readUInt16BE(2)));
  }
  if (type === 0x86dd && packet.length >= 40) {
    return transport(packet.readUInt8(6), packet.subarray(40, 40 + packet.readUInt16BE(4)));
  }
  return nothing;
}

export function matches(match: Match, inside: Inside): boolean {
  const isSet = (name: z.infer<typeof flag>): boolean => (inside.flags & flagBits[name]) !== 0;
  if (match.protocol !== undefined && match.protocol !== inside.protocol) return false;
  if (match.port !== undefined && !inside.ports.includes(match.port)) return false;
  if (match.payload !== undefined && inside.payload < match.payload) return false;
  if (match.flags === undefined && match.without === undefined) return true;
  if (inside.protocol !== "tcp") return false;
  return (match.flags ?? []).every(isSet) && !(match.without ?? []).some(isSet);
}

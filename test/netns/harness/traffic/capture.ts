/**
 * Captures an interface until SIGTERM: `capture.ts INTERFACE MARKER`. Reassembles each direction of each TCP
 * connection, checks that it is TLS records from its first byte to its last, and looks for the marker everywhere.
 * Prints "capturing", and at the end a CaptureResult.
 */
import { capture } from "./interface-socket.ts";

export interface CaptureResult {
  packets: number;
  /** Frames that hold the marker in clear. */
  marked: number;
  /** Frames by what they are: "tcp", "arp", "icmpv6", "other". */
  kinds: Record<string, number>;
  streams: { from: string; bytes: number; records: number; tls: boolean; marked: boolean }[];
}

const [interfaceName = "", marker = ""] = process.argv.slice(2);
const result: CaptureResult = { packets: 0, marked: 0, kinds: {}, streams: [] };
/** Payloads by their offset from the first sequence number, per direction. */
const streams = new Map<string, { first: number; parts: Map<number, Buffer> }>();

function count(kind: string): void {
  result.kinds[kind] = (result.kinds[kind] ?? 0) + 1;
}

function take(frame: Buffer): void {
  result.packets += 1;
  if (frame.includes(marker)) result.marked += 1;
  const type = frame.readUInt16BE(12);
  const ip = frame.subarray(14);
  if (type === 0x0806) count("arp");
  else if (type === 0x0800 && ip[9] === 6) takeTcp(ip);
  else if (type === 0x86dd && ip[6] === 58) count("icmpv6");
  else if (type === 0x86dd && ip[6] === 0 && ip[40] === 58) count("icmpv6");
  else count("other");
}

function takeTcp(ip: Buffer): void {
  count("tcp");
  const tcp = ip.subarray(((ip[0] ?? 0) & 15) * 4, ip.readUInt16BE(2) || ip.length);
  const from = `${ip.subarray(12, 16).join(".")}:${tcp.readUInt16BE(0)}`;
  const sequence = tcp.readUInt32BE(4);
  const synchronise = ((tcp[13] ?? 0) & 2) !== 0;
  if (synchronise) streams.set(from, { first: (sequence + 1) >>> 0, parts: new Map() });
  const payload = tcp.subarray(((tcp[12] ?? 0) >> 4) * 4);
  const stream = streams.get(from);
  if (payload.length > 0) stream?.parts.set((sequence - stream.first) >>> 0, Buffer.from(payload));
}

function reassemble(parts: Map<number, Buffer>): Buffer {
  const ordered: Buffer[] = [];
  let at = 0;
  for (const [offset, bytes] of [...parts].toSorted(([a], [b]) => a - b)) {
    if (offset > at) throw new Error(`the capture misses ${offset - at} bytes at ${at}`);
    if (offset + bytes.length <= at) continue;
    ordered.push(bytes.subarray(at - offset));
    at = offset + bytes.length;
  }
  return Buffer.concat(ordered);
}

/** Number of TLS records that the bytes consist of (the last may be cut short); undefined when they are none. */
function tlsRecords(bytes: Buffer): number | undefined {
  let records = 0;
  for (let at = 0; at < bytes.length; records += 1) {
    if (bytes.length - at < 5) return records;
    const type = bytes[at] ?? 0;
    const length = bytes.readUInt16BE(at + 3);
    if (type < 20 || type > 23 || bytes[at + 1] !== 3 || length > 16_640) return undefined;
    at += 5 + length;
  }
  return records;
}

const poller = capture(interfaceName, take);
console.log("capturing");
process.once("SIGTERM", () => {
  poller.close();
  for (const [from, { parts }] of streams) {
    const bytes = reassemble(parts);
    const records = tlsRecords(bytes);
    result.streams.push({
      from,
      bytes: bytes.length,
      records: records ?? 0,
      tls: records !== undefined,
      marked: bytes.includes(marker),
    });
  }
  console.log(JSON.stringify(result));
});

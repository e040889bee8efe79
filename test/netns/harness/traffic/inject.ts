/**
 * Sends UDP packets with a source of our choice by a raw socket: `inject.ts SOURCE DESTINATION PORT COUNT`.
 * The kernel routes them by destination, so they enter the tunnel as they are. Prints {"sent"}.
 */
import { addressBytes, AF_INET, AF_INET6, checksum, IPPROTO_RAW, rawSocket, send, socketAddress } from "./raw.ts";

const [source = "", destination = "", port = "9", count = "1"] = process.argv.slice(2);
const v6 = source.includes(":");

function udp(): Buffer {
  const body = Buffer.from(`spoofed as ${source}`);
  const header = Buffer.alloc(8);
  header.writeUInt16BE(40_000, 0);
  header.writeUInt16BE(Number(port), 2);
  header.writeUInt16BE(8 + body.length, 4);
  return Buffer.concat([header, body]);
}

function packet(): Buffer {
  const payload = udp();
  const header = Buffer.alloc(v6 ? 40 : 20);
  header.writeUInt8(v6 ? 0x60 : 0x45, 0);
  header.writeUInt16BE(v6 ? payload.length : header.length + payload.length, v6 ? 4 : 2);
  header.writeUInt8(v6 ? 17 : 64, v6 ? 6 : 8);
  header.writeUInt8(v6 ? 64 : 17, v6 ? 7 : 9);
  addressBytes(source).copy(header, v6 ? 8 : 12);
  addressBytes(destination).copy(header, v6 ? 24 : 16);
  if (!v6) header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

const fd = rawSocket(v6 ? AF_INET6 : AF_INET, IPPROTO_RAW);
for (let sent = 0; sent < Number(count); sent += 1) send(fd, packet(), socketAddress(destination));
console.log(JSON.stringify({ sent: Number(count) }));

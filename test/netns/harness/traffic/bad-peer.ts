/**
 * A peer that misbehaves: `bad-peer.ts MODE HOST PORT [CERT KEY CA]`. Prints "connected" when it is at the point where
 * it misbehaves, and at the end {"closed_after_ms", "closed"}: how long until the server closed every connection.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { controlFrame, frameType, writeFrameHeader } from "../../../../src/daemon/link/frame.ts";
import { encodeHello } from "../../../../src/daemon/link/messages.ts";

const [mode = "", host = "", port = "", cert = "", key = "", ca = ""] = process.argv.slice(2);
const floodConnections = 300;

async function plain(): Promise<Socket> {
  const socket = connect(Number(port), host);
  return await new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket)).once("error", reject);
  });
}

function dial(protocols: string[]): Socket {
  // Keys that are too weak for OpenSSL's own defaults are the server's to refuse.
  const ciphers = "DEFAULT@SECLEVEL=0";
  const credentials = { ciphers, cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };
  // The peers of this program are named by URI, so Node's check of the host name has nothing to compare.
  const checks = { ALPNProtocols: protocols, checkServerIdentity: () => undefined };
  return connectTls({ host, port: Number(port), ...checks, ...credentials });
}

async function authenticated(): Promise<Socket> {
  const socket = dial(["sssonector/1"]);
  return await new Promise((resolve, reject) => {
    socket.once("secureConnect", () => resolve(socket)).once("error", reject);
  });
}

const hello = controlFrame(
  frameType.hello,
  encodeHello({
    version: 1,
    intent: "new",
    epoch: 0n,
    linkIndex: 0,
    capabilities: { checksum: false, tso4: false, tso6: false, uso: false, zstd: false },
    mtu: 1500,
  }),
);

/** The header of a frame with a body of `length` bytes, of which only the header is there. */
function header(type: (typeof frameType)[keyof typeof frameType], length: number): Buffer {
  const bytes = Buffer.alloc(4);
  writeFrameHeader(bytes, 0, type, length);
  return bytes;
}

async function welcomed(): Promise<Socket> {
  const socket = await authenticated();
  socket.write(hello);
  await new Promise((resolve) => {
    socket.once("data", resolve);
  });
  return socket;
}

/** Writes a byte of a TLS record every 100 ms: it is never complete. */
function dribble(socket: Socket): void {
  const timer = setInterval(() => socket.write("\x16"), 100);
  socket.write(Buffer.from([0x16, 3, 1, 2, 0]));
  socket.once("close", () => clearInterval(timer));
}

const modes: Record<string, () => Promise<Socket[]>> = {
  silent: async () => [await plain()],
  dribble: async () => {
    const socket = await plain();
    dribble(socket);
    return [socket];
  },
  flood: async () => await Promise.all(Array.from({ length: floodConnections }, plain)),
  http: async () => {
    const socket = await plain();
    socket.write("GET / HTTP/1.1\r\nhost: example.org\r\n\r\n");
    return [socket];
  },
  garbage: async () => {
    const socket = await plain();
    socket.write(Buffer.alloc(64, 0xee));
    return [socket];
  },
  "wrong-alpn": () => Promise.resolve([dial(["h2"])]),
  "no-alpn": () => Promise.resolve([dial([])]),
  "no-certificate": async () => {
    const socket = connectTls({ host, port: Number(port), ALPNProtocols: ["sssonector/1"], rejectUnauthorized: false });
    socket.on("error", () => undefined);
    return [socket];
  },
  "no-hello": async () => [await authenticated()],
  // The length field has 24 bits; 0x80000000 as 32-bit length reads as an unknown type with an empty body.
  "2gib-frame": async () => {
    const socket = await welcomed();
    socket.write(Buffer.from([0x80, 0, 0, 0]));
    return [socket];
  },
  "oversized-frame": async () => {
    const socket = await welcomed();
    socket.write(header(frameType.packet, 0xff_ffff));
    return [socket];
  },
  "mid-hello": async () => {
    const socket = await authenticated();
    socket.write(hello.subarray(0, 10));
    return [socket];
  },
  "mid-frame": async () => {
    const socket = await welcomed();
    socket.write(Buffer.concat([header(frameType.packet, 1000), Buffer.alloc(100)]));
    return [socket];
  },
};

async function closed(socket: Socket): Promise<void> {
  socket.on("error", () => undefined);
  if (socket.closed) return;
  await new Promise((resolve) => {
    socket
      .on("error", () => undefined)
      .once("close", resolve)
      .resume();
  });
}

const sockets = await (modes[mode] ?? (() => Promise.reject(new Error(`no mode ${mode}`))))();
const start = performance.now();
console.log("connected");
await Promise.all(sockets.map(closed));
console.log(JSON.stringify({ closed: sockets.length, closed_after_ms: Math.round(performance.now() - start) }));

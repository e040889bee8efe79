import { type Address, addressBytes, addressFromBytes, fullLength, type Prefix } from "../../shared/address.ts";
import { printable } from "../../shared/text.ts";
import { FieldWriter, readFields } from "./fields.ts";

/** Version of the link protocol that this program speaks; HELLO and WELCOME carry it. */
export const protocolVersion = 1;

/**
 * new: a session of its own; join: one more link, same epoch; takeover: the session moves here, epoch + 1; guest: a link
 * for flows of a session that another server has, same epoch.
 */
export type Intent = "new" | "join" | "takeover" | "guest";

export interface Hello {
  readonly version: number;
  readonly intent: Intent;
  /** 16 bytes in hexadecimal; absent with intent new. */
  readonly session?: string;
  /** 0 with intent new. */
  readonly epoch: bigint;
  /** Sealed by a server of the cluster, in base64; absent with intent new. */
  readonly token?: string;
  /** Place of this link in its session, 0 to 1023: a link replaces the session's link of the same index. */
  readonly linkIndex: number;
  readonly capabilities: Capabilities;
  /** Largest packet that the client's TUN takes. */
  readonly mtu: number;
}

/** What an end can inject; the other end sends nothing else. */
export interface Capabilities {
  readonly checksum: boolean;
  readonly tso4: boolean;
  readonly tso6: boolean;
  readonly uso: boolean;
  readonly zstd: boolean;
}

export interface InnerAddress {
  readonly address: Address;
  /** Length of the inner prefix that the address lies in. */
  readonly prefixLength: number;
}

export interface Welcome {
  readonly version: number;
  readonly serverId: string;
  /** 16 random bytes of the server's start, in hexadecimal. */
  readonly bootId: string;
  /** First 8 bytes of a hash of the cluster's secret, in hexadecimal. */
  readonly clusterId: string;
  readonly region: string;
  /** 16 bytes in hexadecimal. */
  readonly session: string;
  readonly epoch: bigint;
  /** In base64. */
  readonly token: string;
  readonly addresses: readonly InnerAddress[];
  /** The server's own inner addresses. */
  readonly gateways: readonly Address[];
  readonly routes: readonly Prefix[];
  /** Session MTU: the smaller of both ends'. */
  readonly mtu: number;
  /** Milliseconds between PINGs on an idle link, and after how many silent ones it is dead. */
  readonly keepaliveMs: number;
  readonly keepaliveMisses: number;
  readonly sessionCount: number;
  readonly takeoverKeepsFlows: boolean;
  readonly capabilities: Capabilities;
}

/** Tags of the fields of HELLO (1 to 8) and WELCOME. */
export const fieldTag = {
  version: 1,
  intent: 2,
  session: 3,
  epoch: 4,
  token: 5,
  linkIndex: 6,
  capabilities: 7,
  mtu: 8,
  serverId: 16,
  bootId: 17,
  clusterId: 18,
  region: 19,
  addresses: 20,
  gateways: 21,
  routes: 22,
  keepaliveMs: 23,
  keepaliveMisses: 24,
  sessionCount: 25,
  takeover: 26,
} as const;

const intents: readonly Intent[] = ["new", "join", "takeover", "guest"];
const sessionIdBytes = 16;
const maxToken = 1024;
/** Characters of a reason that are kept. */
const maxReason = 256;
const maxName = 64;
const maxLinkIndex = 1023;
const minMtu = 576;

const capabilityBits: readonly (keyof Capabilities)[] = ["checksum", "tso4", "tso6", "uso", "zstd"];

function packCapabilities(capabilities: Capabilities): number {
  return capabilityBits.reduce((bits, name, index) => (capabilities[name] ? bits | (1 << index) : bits), 0);
}

function unpackCapabilities(bits: number): Capabilities {
  const has = (name: keyof Capabilities): boolean => (bits & (1 << capabilityBits.indexOf(name))) !== 0;
  return { checksum: has("checksum"), tso4: has("tso4"), tso6: has("tso6"), uso: has("uso"), zstd: has("zstd") };
}

export function encodeHello(hello: Hello): Buffer {
  const out = new FieldWriter()
    .u16(fieldTag.version, hello.version)
    .u8(fieldTag.intent, intents.indexOf(hello.intent))
    .u64(fieldTag.epoch, hello.epoch)
    .u16(fieldTag.linkIndex, hello.linkIndex)
    .u32(fieldTag.capabilities, packCapabilities(hello.capabilities))
    .u16(fieldTag.mtu, hello.mtu);
  if (hello.session !== undefined) out.bytes(fieldTag.session, Buffer.from(hello.session, "hex"));
  if (hello.token !== undefined) out.bytes(fieldTag.token, Buffer.from(hello.token, "base64"));
  return out.finish();
}

/** The HELLO in `body`, or undefined when it breaks the rules of docs/protocol.md. */
export function decodeHello(body: Uint8Array): Hello | undefined {
  const fields = readFields(body);
  if (fields === undefined) return undefined;
  const version = uint(fields, fieldTag.version, 2);
  const intent = intents[uint(fields, fieldTag.intent, 1) ?? -1];
  const epoch = sized(fields, fieldTag.epoch, 8)?.readBigUInt64BE();
  const linkIndex = uint(fields, fieldTag.linkIndex, 2);
  const capabilities = uint(fields, fieldTag.capabilities, 4);
  const mtu = uint(fields, fieldTag.mtu, 2);
  if (version === undefined || intent === undefined || epoch === undefined || capabilities === undefined)
    return undefined;
  if (linkIndex === undefined || linkIndex > maxLinkIndex || mtu === undefined || mtu < minMtu) return undefined;
  const base = { version, intent, epoch, linkIndex, capabilities: unpackCapabilities(capabilities), mtu };
  if (intent === "new") return fields.has(fieldTag.session) || fields.has(fieldTag.token) ? undefined : base;
  const session = sized(fields, fieldTag.session, sessionIdBytes);
  const token = fields.get(fieldTag.token);
  if (session === undefined || token === undefined || token.length === 0 || token.length > maxToken) return undefined;
  return { ...base, session: session.toString("hex"), token: token.toString("base64") };
}

export function encodeWelcome(welcome: Welcome): Buffer {
  return new FieldWriter()
    .u16(fieldTag.version, welcome.version)
    .text(fieldTag.serverId, welcome.serverId)
    .bytes(fieldTag.bootId, Buffer.from(welcome.bootId, "hex"))
    .bytes(fieldTag.clusterId, Buffer.from(welcome.clusterId, "hex"))
    .text(fieldTag.region, welcome.region)
    .bytes(fieldTag.session, Buffer.from(welcome.session, "hex"))
    .u64(fieldTag.epoch, welcome.epoch)
    .bytes(fieldTag.token, Buffer.from(welcome.token, "base64"))
    .bytes(
      fieldTag.addresses,
      packList(welcome.addresses.map(({ address, prefixLength }) => ({ address, length: prefixLength }))),
    )
    .bytes(fieldTag.gateways, packList(welcome.gateways.map((address) => ({ address, length: fullLength(address) }))))
    .bytes(fieldTag.routes, packList(welcome.routes))
    .u16(fieldTag.mtu, welcome.mtu)
    .u32(fieldTag.keepaliveMs, welcome.keepaliveMs)
    .u8(fieldTag.keepaliveMisses, welcome.keepaliveMisses)
    .u32(fieldTag.sessionCount, welcome.sessionCount)
    .u8(fieldTag.takeover, welcome.takeoverKeepsFlows ? 1 : 0)
    .u32(fieldTag.capabilities, packCapabilities(welcome.capabilities))
    .finish();
}

/** The WELCOME in `body`, or undefined when it breaks the rules of docs/protocol.md. */
export function decodeWelcome(body: Uint8Array): Welcome | undefined {
  const fields = readFields(body);
  if (fields === undefined) return undefined;
  const version = uint(fields, fieldTag.version, 2);
  const serverId = name(fields, fieldTag.serverId);
  const region = name(fields, fieldTag.region);
  const bootId = sized(fields, fieldTag.bootId, 16);
  const clusterId = sized(fields, fieldTag.clusterId, 8);
  const session = sized(fields, fieldTag.session, sessionIdBytes);
  const epoch = sized(fields, fieldTag.epoch, 8)?.readBigUInt64BE();
  const token = fields.get(fieldTag.token);
  const addresses = unpackList(fields.get(fieldTag.addresses));
  const gateways = unpackList(fields.get(fieldTag.gateways));
  const routes = unpackList(fields.get(fieldTag.routes));
  const mtu = uint(fields, fieldTag.mtu, 2);
  const keepaliveMs = uint(fields, fieldTag.keepaliveMs, 4);
  const keepaliveMisses = uint(fields, fieldTag.keepaliveMisses, 1);
  const sessionCount = uint(fields, fieldTag.sessionCount, 4);
  const takeover = uint(fields, fieldTag.takeover, 1);
  const capabilities = uint(fields, fieldTag.capabilities, 4);
  if (version === undefined || !serverId || region === undefined || bootId === undefined) return undefined;
  if (clusterId === undefined || session === undefined || epoch === undefined || token === undefined) return undefined;
  if (addresses === undefined || addresses.length === 0 || gateways === undefined || routes === undefined)
    return undefined;
  if (mtu === undefined || mtu < minMtu || keepaliveMs === undefined || keepaliveMs < 100 || !keepaliveMisses)
    return undefined;
  if (sessionCount === undefined || takeover === undefined || capabilities === undefined) return undefined;
  if (token.length === 0 || token.length > maxToken) return undefined;
  return {
    version,
    serverId,
    region,
    bootId: bootId.toString("hex"),
    clusterId: clusterId.toString("hex"),
    session: session.toString("hex"),
    epoch,
    token: token.toString("base64"),
    addresses: addresses.map(({ address, length }) => ({ address, prefixLength: length })),
    gateways: gateways.map(({ address }) => address),
    routes,
    mtu,
    keepaliveMs,
    keepaliveMisses,
    sessionCount,
    takeoverKeepsFlows: takeover === 1,
    capabilities: unpackCapabilities(capabilities),
  };
}

export interface Pong {
  /** The PING's 8 bytes, as they came. */
  readonly echo: Buffer;
  /** Load of the answering end, 0 to 100 percent of a core. */
  readonly load: number;
  readonly sessionCount: number;
  /** Not 0: the end would like its sessions to move elsewhere. */
  readonly drain: number;
}

export function encodePong(pong: Pong): Buffer {
  const body = Buffer.alloc(16);
  pong.echo.copy(body, 0);
  body.writeUInt8(pong.load, 8);
  body.writeUInt8(pong.drain, 9);
  body.writeUInt32BE(pong.sessionCount, 12);
  return body;
}

/** `body` is 16 bytes: the frame parser has checked it. */
export function decodePong(body: Buffer): Pong {
  return {
    echo: body.subarray(0, 8),
    load: body.readUInt8(8),
    drain: body.readUInt8(9),
    sessionCount: body.readUInt32BE(12),
  };
}

/** Why an end closes a link: the code of CLOSE. One table; docs/protocol.md lists it. */
export const closeCodes = {
  normal: 0,
  protocol_error: 1,
  version: 2,
  not_here: 3,
  superseded: 4,
  denied: 5,
  token_invalid: 6,
  no_address: 7,
  server_full: 8,
  kicked: 9,
  stopping: 10,
  timeout: 11,
  internal: 12,
} as const;

export type CloseReason = keyof typeof closeCodes;

const closeReasons = new Map<number, CloseReason>(
  Object.entries(closeCodes).map(([reason, code]) => [code, reason as CloseReason]),
);

export function encodeClose(reason: CloseReason, text: string): Buffer {
  const body = Buffer.alloc(2 + 256);
  body.writeUInt16BE(closeCodes[reason]);
  return body.subarray(0, 2 + body.write(text, 2, 256, "utf8"));
}

export function decodeClose(body: Buffer): { reason: CloseReason; text: string } {
  return { reason: closeReasons.get(body.readUInt16BE(0)) ?? "internal", text: reasonText(body) };
}

/** link: replace this link; server: leave this server. */
export type GoawayScope = "link" | "server";

export function encodeGoaway(scope: GoawayScope, reason: string): Buffer {
  const body = Buffer.alloc(2 + 256);
  body.writeUInt8(scope === "link" ? 0 : 1);
  return body.subarray(0, 2 + body.write(reason, 2, 256, "utf8"));
}

export function decodeGoaway(body: Buffer): { scope: GoawayScope; reason: string } {
  return { scope: body.readUInt8(0) === 0 ? "link" : "server", reason: reasonText(body) };
}

/** What a peer gives as its reason ends in logs and on terminals. */
function reasonText(body: Buffer): string {
  return printable(body.toString("utf8", 2), maxReason);
}

function sized(fields: Map<number, Buffer>, which: number, size: number): Buffer | undefined {
  const value = fields.get(which);
  return value?.length === size ? value : undefined;
}

function uint(fields: Map<number, Buffer>, which: number, size: number): number | undefined {
  return sized(fields, which, size)?.readUIntBE(0, size);
}

function name(fields: Map<number, Buffer>, which: number): string | undefined {
  const value = fields.get(which)?.toString("latin1");
  return value !== undefined && value.length <= maxName && /^[\x21-\x7e]*$/.test(value) ? value : undefined;
}

/** A list of prefixes: each family u8 (4 or 6), length u8, then 4 or 16 bytes. */
function packList(list: readonly Prefix[]): Buffer {
  return Buffer.concat(
    list.map((item) => Buffer.concat([Buffer.of(item.address.family, item.length), addressBytes(item.address)])),
  );
}

function unpackList(bytes: Buffer | undefined): Prefix[] | undefined {
  if (bytes === undefined) return undefined;
  const list: Prefix[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 2) return undefined;
    const family = bytes.readUInt8(at);
    const length = bytes.readUInt8(at + 1);
    const size = family === 4 ? 4 : family === 6 ? 16 : 0;
    if (size === 0 || length > size * 8 || bytes.length - at - 2 < size) return undefined;
    list.push({ address: addressFromBytes(bytes.subarray(at + 2, at + 2 + size)), length });
    at += 2 + size;
  }
  return list;
}

import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address and its prefix length; the host bits may be set ("10.8.0.1/16"). */
export interface Cidr {
  address: Address;
  length: number;
}

/** Dotted quads without leading zeros, and IPv6 without a zone; undefined for all else. */
export function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return !text.includes("%") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

export function parseCidr(text: string): Cidr | undefined {
  const [head = "", tail = "", ...rest] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(tail)) return undefined;
  const length = Number(tail);
  return length <= bits(address) ? { address, length } : undefined;
}

export function isIpv6(text: string): boolean {
  return text.includes(":");
}

function bits(address: Address): number {
  return address.toByteArray().length * 8;
}

function integer(address: Address): bigint {
  return address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** The first address of the prefix, as text: "10.8.0.0/16" for "10.8.0.1/16". */
export function networkOf(cidr: string): string {
  const { address, length } = known(cidr);
  const hostBits = BigInt(bits(address) - length);
  const network = (integer(address) >> hostBits) << hostBits;
  const bytes = Array.from({ length: bits(address) / 8 }, (_, index) =>
    Number((network >> BigInt(bits(address) - 8 * (index + 1))) & 0xffn),
  );
  return `${ipaddr.fromByteArray(bytes).toString()}/${length}`;
}

/** Whether `inner` (an address or a prefix) lies wholly inside the prefix `outer`. */
export function isInside(inner: string, outer: string): boolean {
  const small = inner.includes("/") ? known(inner) : known(`${inner}/${isIpv6(inner) ? 128 : 32}`);
  const large = known(outer);
  if (small.address.kind() !== large.address.kind() || small.length < large.length) return false;
  const hostBits = BigInt(bits(large.address) - large.length);
  return integer(small.address) >> hostBits === integer(large.address) >> hostBits;
}

/** Whether no host of the IPv4 prefix may have the address: it is the network's own, or its broadcast address. */
export function isReserved(address: string, cidr: string): boolean {
  const { address: base, length } = known(cidr);
  const inner = parseAddress(address);
  if (inner === undefined || inner.kind() !== base.kind()) return false;
  const mask = (1n << BigInt(bits(base) - length)) - 1n;
  if (mask < 3n) return false;
  const host = integer(inner) & mask;
  return host === 0n || (base.kind() === "ipv4" && host === mask);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || parseAddress(host)?.range() === "loopback";
}

function known(cidr: string): Cidr {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw new TypeError(`not a prefix: ${cidr}`);
  return parsed;
}

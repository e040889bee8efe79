import {
  type Address,
  addressNumber,
  fullLength,
  formatNetwork,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixContains,
} from "../../shared/address.ts";

/** An address with its prefix length, which must be there; undefined for anything else. */
export function parseCidr(text: string): Prefix | undefined {
  return /\/(?:0|[1-9]\d{0,2})$/.test(text) ? parsePrefix(text) : undefined;
}

export function isIpv6(text: string): boolean {
  return text.includes(":");
}

/** The first address of the prefix, as text: "10.8.0.0/16" for "10.8.0.1/16". */
export function networkOf(cidr: string): string {
  return formatNetwork(known(cidr));
}

/** Whether `inner` (an address or a prefix) lies wholly inside the prefix `outer`. */
export function isInside(inner: string, outer: string): boolean {
  const small = known(inner);
  const large = known(outer);
  return small.length >= large.length && prefixContains(large, small.address);
}

/** Whether no host of the prefix may have the address: it is the network's own, or the IPv4 broadcast address. */
export function isReserved(address: string, cidr: string): boolean {
  const { address: inner } = known(address);
  const hostBits = BigInt(fullLength(inner) - known(cidr).length);
  const mask = (1n << hostBits) - 1n;
  if (hostBits < 2n) return false;
  const host = addressNumber(inner) & mask;
  return host === 0n || (inner.family === 4 && host === mask);
}

/** Whether only this machine reaches the address: 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  const address: Address | undefined = parseAddress(host);
  return address !== undefined && ["127.0.0.0/8", "::1/128"].some((prefix) => prefixContains(known(prefix), address));
}

/** "host:port", IPv6 in brackets: a host with its port as operators write it. */
export function formatHostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return isIpv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function known(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(`not an address: ${text}`);
  return parsed;
}

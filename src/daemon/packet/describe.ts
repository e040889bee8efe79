import { addressFromBytes, formatAddress } from "../../shared/address.ts";
import { u16 } from "./bytes.ts";
import {
  isLaterFragment,
  locateTransport,
  protocolIcmp,
  protocolIcmpv6,
  protocolTcp,
  protocolUdp,
  transportOffset,
  transportProtocol,
} from "./transport.ts";

const names: ReadonlyMap<number, string> = new Map([
  [protocolTcp, "tcp"],
  [protocolUdp, "udp"],
  [protocolIcmp, "icmp"],
  [protocolIcmpv6, "icmp"],
]);

/** Where the well-formed packet of `length` bytes at `at` goes, for people: `10.20.0.1 tcp 443`, `fd00::1 icmp`. */
export function describeDestination(bytes: Uint8Array, at: number, length: number): string {
  const four = bytes[at]! >>> 4 === 4;
  const address = formatAddress(
    addressFromBytes(four ? bytes.subarray(at + 16, at + 20) : bytes.subarray(at + 24, at + 40)),
  );
  const transport = locateTransport(bytes, at, length);
  if (transport < 0) return address;
  const protocol = transportProtocol(transport);
  const name = names.get(protocol) ?? `protocol ${protocol}`;
  const offset = transportOffset(transport);
  const ported = protocol === protocolTcp || protocol === protocolUdp;
  if (!ported || isLaterFragment(transport) || offset + 4 > length) return `${address} ${name}`;
  return `${address} ${name} ${u16(bytes, at + offset + 2)}`;
}

import { destinationIpv4, destinationIpv6Word, ipVersion } from "../packet/ip.ts";
import type { FlowSession } from "./ports.ts";

/** Who owns an inner address, as the words of its bytes. */
interface Owners {
  owner4(word: number): FlowSession | undefined;
  owner6(a: number, b: number, c: number, d: number): FlowSession | undefined;
}

/** The session that owns the destination of the well-formed packet at `packet`. */
export function destinationOwner(owners: Owners, bytes: Uint8Array, packet: number): FlowSession | undefined {
  if (ipVersion(bytes, packet) === 4) return owners.owner4(destinationIpv4(bytes, packet));
  return owners.owner6(
    destinationIpv6Word(bytes, packet, 0),
    destinationIpv6Word(bytes, packet, 1),
    destinationIpv6Word(bytes, packet, 2),
    destinationIpv6Word(bytes, packet, 3),
  );
}

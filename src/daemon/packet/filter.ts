import type { Prefix } from "../../shared/address.ts";

/** Decides whether a packet may go on. */
export interface PacketFilter {
  /** Judges the well-formed IP packet of `length` bytes at `at`. */
  permits(bytes: Uint8Array, at: number, length: number): boolean;
}

/** One rule for the packets of a peer; plain data that crosses the thread boundary. */
export interface FilterRule {
  readonly action: "allow" | "deny";
  /** Destination; undefined: any. */
  readonly to: Prefix | undefined;
  /** icmp is ICMP in IPv4 and ICMPv6 in IPv6. */
  readonly protocol: "any" | "tcp" | "udp" | "icmp";
  /** Destination ports; undefined: any. */
  readonly port: { readonly from: number; readonly to: number } | undefined;
}

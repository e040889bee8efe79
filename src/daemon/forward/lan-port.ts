import type { Bytes } from "./lan-message.ts";

/** The two ways in which the LAN asks for owners of addresses: ARP (IPv4) and neighbour discovery (IPv6). */
export type LanFamily = 4 | 6;

/** This host's place on an Ethernet: frames about owners of addresses, in and out. */
export interface LanPort {
  /** Hardware address of the interface. */
  readonly mac: Bytes;
  /** Whether frames can be sent and received now. */
  isUp(): boolean;
  /** What has arrived since the last call, of each family the oldest first, without what this host itself has sent. */
  receive(): Buffer[];
  /** Calls `ready` when there is something to receive, until the port is closed. */
  onReadable(ready: () => void): void;
  /** False when the frame could not be sent, as when the interface is down. */
  send(frame: Buffer, family: LanFamily): boolean;
  /** Lets frames to a multicast hardware address in; as many times as it is joined it is to be left. */
  join(group: Bytes): void;
  leave(group: Bytes): void;
  close(): void;
}

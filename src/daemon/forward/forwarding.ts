import type { Clock } from "../../shared/clock.ts";
import type { Prefix } from "../../shared/address.ts";
import { NatTable } from "./nat-table.ts";
import { type NftCommand, nftCommand } from "./nft-command.ts";
import { openLanPort } from "./packet-socket.ts";
import { ProxyArp } from "./proxy-arp.ts";

export type ForwardingMode = "none" | "nat" | "proxy_arp";

/** How the answers to packets of the sessions find the way back to this server. */
export interface Forwarding {
  /** Whether answers can come: false while the interface is down. */
  readonly up: boolean;
  /** Sessions with these inner addresses are reached here from now on; said again, the LAN is told again. */
  own(addresses: readonly string[]): void;
  /** They are no longer, for all that this server knows. */
  release(addresses: readonly string[]): void;
  /** Links of the host may have changed. */
  networkChanged(): void;
  /** Takes back what was set up on the host. */
  close(): Promise<void>;
}

export interface ForwardingSettings {
  readonly mode: ForwardingMode;
  /** Name of the tunnel's interface, after which what is set up on the host is named. */
  readonly tunnel: string;
  /** Name of the interface to the services; needed by nat and proxy_arp. */
  readonly lan: string | undefined;
  /** The inner prefixes. */
  readonly prefixes: readonly Prefix[];
  readonly stateDirectory: string;
}

export interface ForwardingParts {
  readonly clock: Clock;
  /** Another server has told the LAN that it owns this address now; `mac` is its hardware address. */
  readonly onTaken: (address: string, mac: string) => void;
  readonly nft?: NftCommand;
}

/**
 * Sets up the way back and undoes what a killed process left, in any mode. Errors: nft_missing, nft_failed,
 * lan_permission, lan_interface, lan_socket.
 */
export async function openForwarding(settings: ForwardingSettings, parts: ForwardingParts): Promise<Forwarding> {
  const { mode, tunnel, prefixes, stateDirectory, lan } = settings;
  const table = new NatTable(tunnel, stateDirectory, parts.nft ?? nftCommand);
  await table.undoLeftOver();
  if (mode === "none" || lan === undefined) return passive(async () => {});
  if (mode === "nat") {
    await table.create(prefixes, lan);
    return passive(() => table.remove());
  }
  const families = ([4, 6] as const).filter((family) => prefixes.some(({ address }) => address.family === family));
  return new ProxyArp(openLanPort(lan, families), parts.clock, parts.onTaken);
}

/** Nothing to do for single addresses. */
function passive(close: () => Promise<void>): Forwarding {
  return { up: true, own() {}, release() {}, networkChanged() {}, close };
}

import { join } from "node:path";
import { clusterKeysOf } from "./cluster-keys.ts";
import type { ServerSettings } from "./config/settings.ts";
import { innerPrefixes, linksPerIdentity, prefixOf, reservedAddresses, serverId } from "./server-rules.ts";
import { SliceLeaseStore } from "./session/leases.ts";
import { type IdentityRule, SessionRegistry } from "./session/registry.ts";
import { TokenSealer } from "./session/token.ts";
import { Journal } from "./store/journal.ts";

/** A token is good for a day; a link that is up gets a fresh one at half of it. */
const tokenLifetime = 24 * 3600 * 1000;

/** The sessions of a server, with what outlives them: leases on disk, and the keys that seal their tokens. */
export interface SessionStock {
  readonly registry: SessionRegistry;
  readonly leases: SliceLeaseStore;
  readonly sealer: TokenSealer;
}

export interface SessionStockParts {
  ruleOf(identity: string): IdentityRule;
  wall(): number;
  journalFailed(error: unknown): void;
}

/** Opens the files of `core.state_dir`. Errors: those of clusterKeysOf and Journal.open. */
export function openSessionStock(settings: ServerSettings, parts: SessionStockParts): SessionStock {
  const { network, core, cluster } = settings;
  const sealer = new TokenSealer(clusterKeysOf(settings));
  const slices = [network.pool, network.pool6].filter((text) => text !== undefined);
  const leases = new SliceLeaseStore({
    slices: slices.map(prefixOf),
    reserved: reservedAddresses(settings),
    openJournal: (read) => Journal.open(join(core.state_dir, "leases.journal"), read),
    journalFailed: (error) => parts.journalFailed(error),
  });
  const registry = new SessionRegistry({
    leases,
    sealer,
    rules: {
      mtu: network.mtu,
      prefixes: innerPrefixes(settings),
      home: serverId(settings),
      region: cluster.region ?? "",
      tokenLifetime,
      linksPerIdentity: linksPerIdentity(core.max_connections),
    },
    ruleOf: (identity) => parts.ruleOf(identity),
    wall: () => parts.wall(),
  });
  return { registry, leases, sealer };
}

import { type Address, parseAddress, parsePrefix, type Prefix } from "../shared/address.ts";
import type { AccessSettings, IdentitySettings, ServerSettings } from "./config/settings.ts";
import type { FilterRule } from "./packet/filter.ts";
import type { IdentityRule } from "./session/registry.ts";

// What a server's settings say, in the terms of sessions and leases.

export function serverId(settings: ServerSettings): string {
  return settings.cluster.id ?? settings.core.name;
}

export function identityRule(settings: ServerSettings, identity: string): IdentityRule {
  const { access } = settings;
  const known = access.identities.find(({ name }) => name === identity);
  if (known === undefined) return access.default === "allow" ? { fixed: [] } : undefined;
  return { fixed: [known.address, known.address6].filter((text) => text !== undefined) };
}

/** A quarter of all links, so that one certificate can't shut the others out; on a small server 64. */
export function linksPerIdentity(maxConnections: number): number {
  return Math.max(64, Math.floor(maxConnections / 4));
}

/** The rules for what an identity may send. */
export function aclOf({ acl }: AccessSettings, known: IdentitySettings | undefined): FilterRule[] {
  const rules = known === undefined || known.acl.length === 0 ? acl : known.acl;
  return rules.map(({ to, ...rule }) => ({ ...rule, to: to === undefined ? undefined : prefixOf(to) }));
}

/** The server's own inner addresses with their prefixes, as in `10.8.0.1/24`. */
export function innerAddresses({ network }: ServerSettings): string[] {
  return [network.address, network.address6].filter((text) => text !== undefined);
}

export function innerPrefixes(settings: ServerSettings): Prefix[] {
  return innerAddresses(settings).map(prefixOf);
}

/** Addresses that are not leased to just anybody. */
export function reservedAddresses(settings: ServerSettings): Address[] {
  return [...innerPrefixes(settings).map(({ address }) => address), ...fixedAddresses(settings)];
}

function fixedAddresses(settings: ServerSettings): Address[] {
  return settings.access.identities.flatMap(({ address, address6 }) =>
    [address, address6].flatMap((text) => (text === undefined ? [] : (parseAddress(text) ?? []))),
  );
}

/** The settings' texts are checked: what does not parse here is a broken promise. */
export function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
  return prefix;
}

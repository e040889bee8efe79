import type { Burst, Rate } from "../../shared/units.ts";
import { formatHostPort, isInside, isReserved } from "./address.ts";
import type { Draft, Report } from "./draft.ts";

type Limit = { base_rate: Rate | undefined; burst_size: Burst | undefined };

/** Units within one rate limit agree, and its bounds are in order. */
export function limitRules({ rate_limit: limit }: Draft, report: Report): void {
  burstFits("rate_limit", limit, report);
  burstFits("rate_limit.global", limit.global, report);
  boundFits("rate_limit.min_rate", limit.min_rate, limit.base_rate, report);
  boundFits("rate_limit.max_rate", limit.max_rate, limit.base_rate, report);
  const low = perSecond(limit.min_rate);
  const high = perSecond(limit.max_rate);
  if (low !== undefined && high !== undefined && low > high) {
    report("rate_limit.min_rate", "must not be more than rate_limit.max_rate");
  }
}

function perSecond(rate: Rate | undefined): number | undefined {
  return rate === undefined || rate.kind === "unlimited" ? undefined : rate.per_second;
}

function burstFits(path: string, { base_rate: rate, burst_size: burst }: Limit, report: Report): void {
  if (rate === undefined || burst === undefined || burst.kind === rate.kind) return;
  const asks = rate.kind === "unlimited" ? "needs" : `is in ${burst.kind} and does not fit`;
  report(
    `${path}.burst_size`,
    `${asks} ${path}.base_rate${rate.kind === "unlimited" ? "" : `, which is in ${rate.kind}`}`,
  );
}

function boundFits(path: string, bound: Rate | undefined, base: Rate | undefined, report: Report): void {
  if (bound === undefined || base === undefined || bound.kind === base.kind) return;
  report(
    path,
    `must be of the same kind as rate_limit.base_rate, which is ${base.kind === "unlimited" ? "unlimited" : `in ${base.kind}`}`,
  );
}

/** Reports every entry whose key an earlier one has already. */
function unique<T>(
  entries: readonly T[],
  key: (entry: T) => string | undefined,
  repeated: (index: number, first: number, key: string) => void,
): void {
  const seen = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const value = key(entry);
    if (value === undefined) continue;
    const first = seen.get(value);
    if (first === undefined) seen.set(value, index);
    else repeated(index, first, value);
  }
}

function uniqueNames(list: string, entries: readonly { name: string | undefined }[], report: Report): void {
  unique(
    entries,
    ({ name }) => name,
    (index, first, name) =>
      report(`${list}[${index}].name`, `${name} is the name of ${list}[${first}] already`, "config_duplicate"),
  );
}

/** Identities have names, fixed addresses and prefixes of their own, and addresses inside the server's prefix. */
export function identityRules({ network, access }: Draft, report: Report): void {
  const list = "access.identities";
  const identities = access?.identities ?? [];
  aclFits("access.acl", access?.acl ?? [], report);
  uniqueNames(list, identities, report);
  for (const family of ["address", "address6"] as const) {
    unique(
      identities,
      (identity) => identity[family],
      (index, first, address) =>
        report(
          `${list}[${index}].${family}`,
          `${address} is the address of ${list}[${first}] already`,
          "config_duplicate",
        ),
    );
    for (const [index, identity] of identities.entries()) {
      const address = identity[family];
      const fault = address === undefined ? undefined : unfitFor(address, `network.${family}`, network[family]);
      if (fault !== undefined) report(`${list}[${index}].${family}`, fault);
    }
  }
  allowedOnce(identities, report);
  for (const [index, identity] of identities.entries()) {
    burstFits(`${list}[${index}].rate_limit`, identity.rate_limit, report);
    aclFits(`${list}[${index}].acl`, identity.acl ?? [], report);
  }
}

/** Whether the address may be given to a client of a server with this interface address; else the reason. */
function unfitFor(address: string, of: string, prefix: string | undefined): string | undefined {
  if (prefix === undefined) return `needs ${of}`;
  if (!isInside(address, prefix)) return `must lie inside ${of} ${prefix} (got ${address})`;
  if (prefix.startsWith(`${address}/`)) return `is the server's own address (got ${address})`;
  return isReserved(address, prefix) ? `is the network's own or its broadcast address (got ${address})` : undefined;
}

/** Traffic to a prefix goes to one identity, so two can't own the same. */
function allowedOnce(identities: readonly { allowed_ips: (string | undefined)[] | undefined }[], report: Report): void {
  const owned = identities.flatMap(({ allowed_ips: prefixes }, owner) =>
    (prefixes ?? []).map((prefix, index) => ({
      prefix,
      owner,
      path: `access.identities[${owner}].allowed_ips[${index}]`,
    })),
  );
  unique(
    owned,
    ({ prefix }) => prefix,
    (index, first, prefix) =>
      report(
        owned[index]?.path ?? "",
        `${prefix} belongs to access.identities[${owned[first]?.owner}] already`,
        "config_duplicate",
      ),
  );
}

/** Rules of one identity: each packet is held against them one by one. */
const mostRules = 256;

function aclFits(
  path: string,
  rules: readonly { protocol: string | undefined; port: unknown }[],
  report: Report,
): void {
  if (rules.length > mostRules) {
    report(path, `must not have more than ${mostRules} rules (got ${rules.length})`, "config_range");
  }
  for (const [index, { protocol, port }] of rules.entries()) {
    if (port === undefined || protocol === "tcp" || protocol === "udp") continue;
    report(`${path}[${index}].port`, `needs protocol tcp or udp (it is ${protocol})`);
  }
}

/** A client has at least one endpoint, and their names are unique. */
export function endpointRules({ tunnel }: Draft, report: Report): void {
  if (tunnel.endpoints?.length === 0) report("tunnel.endpoints", "must name at least one server", "config_range");
  uniqueNames("tunnel.endpoints", tunnel.endpoints ?? [], report);
}

/** Services have unique names and addresses inside the tunnel, and at least one endpoint each. */
export function serviceRules({ services = [], network }: Draft, report: Report): void {
  uniqueNames("services", services, report);
  uniqueListeners(services, report);
  for (const [index, service] of services.entries()) {
    const path = `services[${index}]`;
    if (service.endpoints?.length === 0) report(`${path}.endpoints`, "must name at least one endpoint", "config_range");
    uniqueNames(`${path}.endpoints`, service.endpoints ?? [], report);
    burstFits(`${path}.rate_limit`, service.rate_limit, report);
    const fault = service.listen === undefined ? undefined : outside(service.listen.host, network);
    if (fault !== undefined) report(`${path}.listen`, fault);
  }
}

function uniqueListeners(services: NonNullable<Draft["services"]>, report: Report): void {
  unique(
    services,
    ({ listen }) => (listen === undefined ? undefined : formatHostPort(listen)),
    (index, first, address) =>
      report(
        `services[${index}].listen`,
        `${address} is the address of services[${first}] already`,
        "config_duplicate",
      ),
  );
}

/** Why a service must not listen there: on an outer address it would be open to everybody. */
function outside(host: string, network: Draft["network"]): string | undefined {
  const prefixes = [network.address, network.address6].filter((prefix) => prefix !== undefined);
  // Without a readable prefix that is what has to be mended.
  if (prefixes.length === 0 || prefixes.some((prefix) => isInside(host, prefix))) return undefined;
  return `must be an inner address, inside ${prefixes.join(" or ")} (got ${host})`;
}

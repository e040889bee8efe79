import { z } from "zod";
import { type Address, fullLength, prefixContains, parseAddress, parsePrefix } from "../../shared/address.ts";
import { routeProtocol } from "./change.ts";
import type { IpCommand } from "./ip-command.ts";

/** The next hop towards an outer address. */
export interface Hop {
  readonly device: string;
  /** Not there when the address is on the link itself. */
  readonly gateway: string | undefined;
}

/** How an outer address is reached now, and how it would be without the tunnel. */
export type Way =
  /** It belongs to this host. */
  | { readonly kind: "local" }
  | {
      readonly kind: "remote";
      /** The hop of a host route of ours that is in force. */
      readonly pinned: Hop | undefined;
      /** The best hop that is not ours. */
      readonly outside: Hop | undefined;
      /** Somebody else has a route to this very host, outside the tunnel: it serves as a pin. */
      readonly pinnedByOther: boolean;
    };

const hopSchema = z.object({
  dev: z.string().optional(),
  gateway: z.string().optional(),
  via: z.object({ host: z.string() }).optional(),
  flags: z.array(z.string()).default([]),
});

/** A row of `ip -json route`; the type is left out for a usual one. */
const routeSchema = hopSchema.extend({
  type: z.string().default("unicast"),
  dst: z.string(),
  protocol: z.string().optional(),
  metric: z.number().default(0),
  nexthops: z.array(hopSchema).optional(),
});

type Route = z.infer<typeof routeSchema>;

/** Asks the kernel for the way to `address`. `tunnel` is the interface whose routes don't count as outside. */
export async function findWay(ip: IpCommand, address: string, tunnel: string): Promise<Way> {
  const matched = await matchRoute(ip, address);
  if (matched?.type === "local") return { kind: "local" };
  const ours = matched !== undefined && isOurs(matched, tunnel);
  const pinned = ours && matched.dev !== tunnel ? usableHop(matched) : undefined;
  const outside = matched === undefined || ours ? await bestOutside(ip, address, tunnel) : usableHop(matched);
  const pinnedByOther = !ours && outside !== undefined && isHostRoute(matched);
  return { kind: "remote", pinned, outside, pinnedByOther };
}

/** The entry of the routing tables that the kernel chooses, policy rules included. */
async function matchRoute(ip: IpCommand, address: string): Promise<Route | undefined> {
  try {
    const rows = z.array(routeSchema).parse(await ip.query(["route", "get", "fibmatch", address]));
    return rows[0];
  } catch {
    // "Network is unreachable" and the like.
    return undefined;
  }
}

function isOurs(route: Route, tunnel: string): boolean {
  return route.dev === tunnel || route.protocol === String(routeProtocol);
}

function isHostRoute(route: Route | undefined): boolean {
  const prefix = route === undefined ? undefined : parsePrefix(route.dst);
  return prefix !== undefined && prefix.length === fullLength(prefix.address);
}

/** Longest prefix, then lowest metric, over the main table without the tunnel's and our own routes. */
async function bestOutside(ip: IpCommand, text: string, tunnel: string): Promise<Hop | undefined> {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const family = address.family === 4 ? "-4" : "-6";
  const rows = z.array(routeSchema).parse(await ip.query([family, "route", "show", "table", "main"]));
  let best: { hop: Hop | undefined; length: number; metric: number } | undefined;
  for (const route of rows) {
    const length = matchLength(route, address);
    if (length === undefined || isOurs(route, tunnel)) continue;
    const hop = usableHop(route);
    // A dead link leaves the word to the next route; "unreachable" is somebody's will.
    if (hop === undefined && route.type === "unicast") continue;
    const better = best === undefined || length > best.length || (length === best.length && route.metric < best.metric);
    if (better) best = { hop, length, metric: route.metric };
  }
  return best?.hop;
}

function matchLength(route: Route, address: Address): number | undefined {
  if (route.dst === "default") return 0;
  const prefix = parsePrefix(route.dst);
  return prefix !== undefined && prefixContains(prefix, address) ? prefix.length : undefined;
}

function usableHop(route: Route): Hop | undefined {
  if (route.type !== "unicast") return undefined;
  for (const hop of route.nexthops ?? [route]) {
    const usable = !hop.flags.includes("dead") && !hop.flags.includes("linkdown");
    if (hop.dev !== undefined && usable) return { device: hop.dev, gateway: hop.gateway ?? hop.via?.host };
  }
  return undefined;
}

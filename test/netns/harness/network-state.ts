import type { Namespace } from "../../../src/cli/demo/namespace.ts";
import { runToEnd } from "../../../src/cli/demo/running.ts";

interface LinkRow {
  ifname: string;
  mtu: number;
  addr_info: { local: string; prefixlen: number }[];
}

interface RouteRow {
  dst: string;
  dev?: string;
  gateway?: string;
  table?: string;
  type?: string;
}

/** What a daemon could leave behind in a namespace. */
export interface NetworkState {
  links: string[];
  addresses: string[];
  routes: string[];
  rules: string;
  nft: string;
}

function madeByKernel(address: string): boolean {
  return /^(?:fe80|ff00|multicast)/.test(address);
}

async function routes(namespace: Namespace, family: "-4" | "-6"): Promise<string[]> {
  const text = await namespace.ip(family, "-json", "route", "show", "table", "all");
  return (JSON.parse(text || "[]") as RouteRow[])
    .filter(({ dst }) => !madeByKernel(dst))
    .map(({ dst, dev, gateway, table, type }) => [type, dst, gateway, dev, table].filter(Boolean).join(" "))
    .toSorted();
}

/** Interfaces, addresses, routes, rules and nftables of a namespace, without what the kernel itself adds later. */
export async function networkState(namespace: Namespace): Promise<NetworkState> {
  const links = JSON.parse(await namespace.ip("-json", "addr")) as LinkRow[];
  const nft = await namespace.run("nft", "list", "ruleset").catch(() => "no nft here");
  return {
    links: links.map(({ ifname, mtu }) => `${ifname} mtu ${mtu}`).toSorted(),
    addresses: links
      .flatMap(({ ifname, addr_info }) => addr_info.map(({ local, prefixlen }) => ({ ifname, local, prefixlen })))
      .filter(({ local }) => !madeByKernel(local))
      .map(({ ifname, local, prefixlen }) => `${ifname} ${local}/${prefixlen}`)
      .toSorted(),
    routes: [...(await routes(namespace, "-4")), ...(await routes(namespace, "-6"))],
    rules: `${await namespace.ip("rule")}${await namespace.ip("-6", "rule")}`,
    nft,
  };
}

/** Names of the network namespaces on this machine that begin like this. */
export async function namespacesOf(prefix: string): Promise<string[]> {
  return (await runToEnd(["ip", "netns", "list"])).split("\n").filter((line) => line.startsWith(prefix));
}

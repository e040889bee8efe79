import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import type { ServerSettings } from "../config/settings.ts";
import { checkReversePath, checkSysctl, type SysctlFault } from "../tun/sysctl.ts";
import { failed, type Finding, ok, skipped, warning } from "./finding.ts";
import { runTool } from "./host.ts";

/** Binds the server's port and lets it go again. */
export async function checkListen({ tunnel }: ServerSettings): Promise<Finding> {
  const { host, port } = tunnel.listen;
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  const server = createServer();
  server.once("error", resolve);
  server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  const error = await promise;
  const place = `tunnel.listen ${host}:${port}`;
  if (error === undefined) return ok("listen", `${place} is free`);
  const next: Record<string, string> = {
    EADDRINUSE: `see who has it: ss -ltnp 'sport = :${port}'`,
    EADDRNOTAVAIL: "give tunnel.listen an address of this host: ip -brief address",
    EACCES: "choose a port from 1024 on, or give the daemon CAP_NET_BIND_SERVICE",
  };
  return failed("listen", `${place} can't be had: ${error.code}`, next[error.code ?? ""] ?? "see tunnel.listen");
}

/** Whether the kernel forwards between the tunnel and the services behind this server. */
export async function checkForwarding(settings: ServerSettings): Promise<Finding[]> {
  const { forwarding, routes, address, address6 } = settings.network;
  if (forwarding.mode === "none" && routes.length === 0) return [];
  const found: Finding[] = [];
  const families = [address && ("ipv4" as const), address6 && ("ipv6" as const)].filter((one) => one !== undefined);
  const lan = forwarding.interface;
  if (lan !== undefined && !Object.hasOwn(networkInterfaces(), lan) && !(await linkExists(lan))) {
    const message = `network.forwarding.interface ${lan} does not exist`;
    found.push(failed("forwarding", message, "name one that `ip -brief link` shows"));
  }
  found.push(...(await checkSysctl(families.filter((one) => one !== ""))).map(forwardingOff));
  if (lan !== undefined) {
    const strict = await checkReversePath(lan);
    found.push(
      ...strict.map(({ name, mend }) =>
        warning("forwarding", `${name} is strict: answers that take another way are dropped`, mend),
      ),
    );
  }
  return found.length === 0 ? [ok("forwarding", `the kernel forwards; mode ${forwarding.mode}`)] : found;
}

function forwardingOff({ name, value, mend }: SysctlFault): Finding {
  return failed("forwarding", `${name} is ${value}: packets between tunnel and services are dropped`, mend);
}

/** An interface without addresses is in no list of Node. */
async function linkExists(name: string): Promise<boolean> {
  return (await runTool("ip", ["link", "show", "dev", name])) !== undefined;
}

interface NftObject {
  chain?: { family: string; table: string; name: string; hook?: string; policy?: string };
  rule?: { family: string; table: string; chain: string; expr: unknown[] };
}

/** Looks for a chain of the input hook that drops by policy and does not name the server's port. */
export async function checkFirewall({ tunnel }: ServerSettings): Promise<Finding> {
  const text = await runTool("nft", ["-j", "list", "ruleset"]);
  if (text === undefined) return skipped("firewall", "nft is not there, or this user may not read its rules");
  const { port } = tunnel.listen;
  const { nftables } = JSON.parse(text) as { nftables: NftObject[] };
  const closed = nftables.filter(({ chain }) => chain?.hook === "input" && chain.policy === "drop");
  for (const { chain } of closed) {
    if (chain === undefined) continue;
    const rules = nftables.filter(
      ({ rule }) => rule?.family === chain.family && rule.table === chain.table && rule.chain === chain.name,
    );
    if (rules.some(({ rule }) => mayAccept(JSON.stringify(rule?.expr ?? []), port))) continue;
    const where = `${chain.family} ${chain.table} ${chain.name}`;
    const next = `nft insert rule ${where} tcp dport ${port} accept`;
    return failed("firewall", `chain ${where} drops what it does not name, and no rule of it names port ${port}`, next);
  }
  return ok("firewall", `no chain of nftables drops everything to port ${port}`);
}

/** Names the port, or jumps to where it may be named; ranges and sets can't be judged without carrying them out. */
function mayAccept(expression: string, port: number): boolean {
  return new RegExp(String.raw`\b${port}\b|"jump"|"goto"|"range"|"vmap"|"@`).test(expression);
}

import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { isServer, type Settings } from "../config/settings.ts";
import { openTun } from "../tun/open.ts";
import { failed, type Finding, ok, thrown } from "./finding.ts";

// linux/capability.h
const capabilities = { CAP_NET_BIND_SERVICE: 10, CAP_NET_RAW: 13 } as const;

/** Makes the interface and lets it go again. */
export function checkDevice(name: string): Finding {
  try {
    const tun = openTun({ name, queues: 1 });
    tun.close();
    const offload = Object.entries(tun.features).filter(([, has]) => has);
    return ok("device", `${name} can be made; offload: ${offload.map(([what]) => what).join(", ") || "none"}`);
  } catch (error) {
    return thrown("device", error);
  }
}

export function checkCapabilities(
  settings: Settings,
  status: string = readFileSync("/proc/self/status", "utf8"),
): Finding[] {
  if (!isServer(settings)) return [];
  const wanted: [keyof typeof capabilities, string][] = [];
  if (settings.network.forwarding.mode === "proxy_arp") wanted.push(["CAP_NET_RAW", "network.forwarding proxy_arp"]);
  if (settings.tunnel.listen.port < unprivilegedPort()) {
    wanted.push(["CAP_NET_BIND_SERVICE", `tunnel.listen on port ${settings.tunnel.listen.port}`]);
  }
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return wanted.map(([name, what]) => {
    if ((effective & (1n << BigInt(capabilities[name]))) !== 0n)
      return ok("capability", `${name} is there for ${what}`);
    const next = `run it as root, or add to the unit: AmbientCapabilities=CAP_NET_ADMIN ${name}`;
    return failed("capability", `${what} needs ${name}, which this user has not`, next);
  });
}

function unprivilegedPort(): number {
  const text = readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8");
  return Number(text) || 1024;
}

export async function checkTools(settings: Settings): Promise<Finding[]> {
  const found = [await checkTool("ip", ["-V"], "apt-get install iproute2")];
  const nat = isServer(settings) && settings.network.forwarding.mode === "nat";
  if (nat) found.push(await checkTool("nft", ["--version"], "apt-get install nftables"));
  return found;
}

async function checkTool(name: string, args: readonly string[], next: string): Promise<Finding> {
  const said = await runTool(name, args);
  return said === undefined ? failed("tools", `${name} can't be run`, next) : ok("tools", said.split("\n", 1)[0] ?? "");
}

/** Output of a program of the system; undefined when it can't be run or fails. */
export function runTool(name: string, args: readonly string[]): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  execFile(name, args, { env, timeout: 10_000 }, (error, stdout) => resolve(error === null ? stdout : undefined));
  return promise;
}

export function checkDirectories(settings: Settings): Finding[] {
  return [
    checkWritable(settings.core.state_dir, "core.state_dir"),
    checkWritable(dirname(settings.control.socket), "the directory of control.socket"),
  ];
}

/** A directory that does not exist yet is made by the daemon in the nearest one that does. */
function checkWritable(directory: string, what: string): Finding {
  let nearest = directory;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return ok("state", `${what} ${directory} can be written`);
  } catch {
    return failed("state", `${what} ${directory} can't be written by this user`, `chown it: chown "$USER" ${nearest}`);
  }
}

import { isIPv6 } from "node:net";
import { runTool } from "./host.ts";
import { failed, type Finding, ok } from "./finding.ts";

/** Sizes of whole IP packets that are tried, the largest first: Ethernet, PPPoE, tunnels, IPv6's minimum. */
const sizes = [1500, 1492, 1420, 1280] as const;

/**
 * Whether packets of full size arrive, by `ping` with fragmentation forbidden; undefined where `ping` is missing or gets
 * no answer at all. A path that swallows them lets a link come up and stalls its traffic.
 */
export async function checkLargePackets(host: string): Promise<Finding | undefined> {
  if (!(await answers(host, 84))) return undefined;
  for (const size of sizes) {
    if (!(await answers(host, size))) continue;
    if (size === sizes[0]) return ok("mtu", `packets of ${size} bytes arrive`);
    const message = `packets of ${size} bytes arrive and larger ones vanish without a word (a path MTU black hole)`;
    return failed(
      "mtu",
      message,
      `sysctl -w net.ipv4.tcp_mtu_probing=1, on both ends, or ip link set dev DEVICE mtu ${size}`,
    );
  }
  return failed("mtu", `packets over 1280 bytes vanish`, "sysctl -w net.ipv4.tcp_mtu_probing=1, on both ends");
}

async function answers(host: string, size: number): Promise<boolean> {
  const headers = isIPv6(host) ? 48 : 28;
  return (
    (await runTool("ping", [
      "-n",
      "-c",
      "2",
      "-i",
      "0.2",
      "-W",
      "1",
      "-M",
      "do",
      "-s",
      String(size - headers),
      host,
    ])) !== undefined
  );
}

import { readFile } from "node:fs/promises";

/** A kernel setting that forwarding needs and that differs. */
export interface SysctlFault {
  readonly name: string;
  readonly value: string;
  /** The line that mends it; the daemon itself never writes a sysctl. */
  readonly mend: string;
}

const forwarding = {
  ipv4: "net.ipv4.ip_forward",
  ipv6: "net.ipv6.conf.all.forwarding",
} as const;

/**
 * Whether the kernel forwards packets of the given families, which a server needs for everything behind it.
 * `root` is where the settings can be read.
 */
export async function checkSysctl(
  families: readonly ("ipv4" | "ipv6")[],
  root: string = "/proc/sys",
): Promise<SysctlFault[]> {
  const faults: SysctlFault[] = [];
  for (const family of families) {
    const name = forwarding[family];
    const value = await readSetting(root, name.split("."));
    if (value !== "1") faults.push({ name, value, mend: `sysctl -w ${name}=1` });
  }
  return faults;
}

/**
 * Whether the kernel drops IPv4 packets that come in by an interface by which it would not answer (ip-sysctl, rp_filter:
 * the greater of "all" and the interface's own value counts, 1 is strict). `root` is where the settings can be read.
 */
export async function checkReversePath(device: string, root: string = "/proc/sys"): Promise<SysctlFault[]> {
  const names = ["all", device].map((scope) => ["net", "ipv4", "conf", scope, "rp_filter"]);
  const values = await Promise.all(names.map(async (name) => await readSetting(root, name)));
  if (values.includes("2") || !values.includes("1")) return [];
  // A dot inside the name of an interface is written as a slash (sysctl(8)).
  const name = `net.ipv4.conf.${device.replaceAll(".", "/")}.rp_filter`;
  return [{ name, value: "1", mend: `sysctl -w ${name}=2` }];
}

async function readSetting(root: string, name: readonly string[]): Promise<string> {
  return await readFile([root, ...name].join("/"), "utf8").then(
    (text) => text.trim(),
    () => "absent",
  );
}

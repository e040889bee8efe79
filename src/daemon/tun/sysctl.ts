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
    const value = await readFile(`${root}/${name.replaceAll(".", "/")}`, "utf8").then(
      (text) => text.trim(),
      () => "absent",
    );
    if (value !== "1") faults.push({ name, value, mend: `sysctl -w ${name}=1` });
  }
  return faults;
}

import { access, constants } from "node:fs/promises";
import { runToEnd } from "./running.ts";

async function works(attempt: Promise<unknown>): Promise<boolean> {
  return await attempt.then(
    () => true,
    () => false,
  );
}

/** What this machine lacks for real TUN devices in real namespaces, with what mends it; undefined when nothing does. */
export async function missingRequirement(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "needs root, for network namespaces and TUN devices; run it with sudo";
  if (!(await works(access("/dev/net/tun", constants.R_OK | constants.W_OK)))) {
    return "needs /dev/net/tun; load it with `modprobe tun`, or give the container --device /dev/net/tun";
  }
  if (!(await works(runToEnd(["ip", "-V"]))))
    return "needs the program `ip`; install it with `apt-get install iproute2`";
  if (!(await works(runToEnd(["ip", "netns", "list"]))))
    return "may not use network namespaces; run it with CAP_SYS_ADMIN";
  return undefined;
}

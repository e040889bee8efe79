import { chown, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** `nobody`, who may do nothing that is not given to him. */
export const serviceUser = 65_534;

/** For the mount namespace of the daemon alone; 10, 200 is the device's number (Linux, tuntap.rst). */
const ownDevice = "mount -t tmpfs -o mode=755 tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * For DaemonProcess.start: runs the daemon as the units do, as a user without any right but these capabilities. The
 * programs are mounted to where that user may look, and the device has the mode that udev gives it (0666), which a
 * machine without udev may not.
 */
export function asServiceUser(environment: Record<string, string> = {}, capabilities = "+net_admin"): string[] {
  const set = `--inh-caps=${capabilities} --ambient-caps=${capabilities} --bounding-set=-all,${capabilities}`;
  const drop = `setpriv --reuid=${serviceUser} --regid=${serviceUser} --clear-groups --no-new-privs ${set}`;
  const device = `[ "$(stat -c %a /dev/net/tun)" = 666 ] || { ${ownDevice}; }`;
  const script = `mount --bind "$0" /mnt && { ${device}; } && shift && exec ${drop} /mnt/bin/sssonectord "$@"`;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return ["env", ...variables, "sh", "-c", script, repository];
}

/** Gives a directory and everything in it to the service user. */
export async function giveToServiceUser(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of ["", ...(await readdir(directory, { recursive: true }))]) {
    await chown(path.join(directory, name), serviceUser, serviceUser);
  }
}

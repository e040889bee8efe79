import { chown, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** `nobody`, who may do nothing that is not given to him. */
export const serviceUser = 65_534;

const repository = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * For DaemonProcess.start: runs the daemon as the units do, as a user without any right but these capabilities. The
 * programs are mounted to where that user may look.
 */
export function asServiceUser(environment: Record<string, string> = {}, capabilities = "+net_admin"): string[] {
  const set = `--inh-caps=${capabilities} --ambient-caps=${capabilities} --bounding-set=-all,${capabilities}`;
  const drop = `setpriv --reuid=${serviceUser} --regid=${serviceUser} --clear-groups --no-new-privs ${set}`;
  const script = `mount --bind "$0" /mnt && shift && exec ${drop} /mnt/bin/sssonectord "$@"`;
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

import { join } from "node:path";
import { stringify } from "yaml";
import { certificatePaths } from "./actions.ts";
import { readPrivate, readText } from "./files.ts";
import type { Endpoint } from "./names.ts";
import { caPaths, issuedTo, readIndex } from "./store.ts";
import { SssonectorError } from "../../shared/errors.ts";

/** A client's whole configuration as one YAML text, with certificate, key, CA and CRL inside. */
export async function clientBundle(directory: string, name: string, endpoints: readonly Endpoint[]): Promise<string> {
  const all = issuedTo(await readIndex(directory), name);
  const { role } = all.at(-1) ?? all[0];
  if (role !== "client") throw new SssonectorError("usage", `${name} is a ${role}; bundles are for clients`);
  const ca = caPaths(directory);
  const own = certificatePaths(directory, name);
  const config = {
    core: { mode: "client", name },
    tunnel: { endpoints },
    security: {
      tls: {
        cert: await readText(own.certificate),
        key: await readPrivate(own.key),
        ca: await readText(ca.certificate),
        crl: await readText(ca.crl),
      },
    },
  };
  return `# Client ${name} of SSSonector. Holds its private key: keep this file at mode 0600.\n${stringify(config, { lineWidth: 0 })}`;
}

export function bundlePath(directory: string, name: string): string {
  return join(directory, `${name}.yaml`);
}

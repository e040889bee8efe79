import type { PemSource, SecuritySettings } from "./config/settings.ts";
import { assertPrivate, loadMaterial, type TlsMaterial } from "./tls/material.ts";

/** Loads and checks the certificates that the settings name; `configFile` holds the key when it stands in it. */
export function tlsMaterialOf(
  tls: SecuritySettings["tls"],
  role: "server" | "client",
  wall: number,
  configFile: string,
): TlsMaterial {
  if (tls.key.kind === "inline") assertPrivate(configFile);
  return loadMaterial(
    {
      cert: text(tls.cert),
      key: text(tls.key),
      ca: text(tls.ca),
      crl: tls.crl === undefined ? undefined : text(tls.crl),
      min_version: tls.min_version,
    },
    role,
    wall,
  );
}

function text(source: PemSource): string {
  return source.kind === "file" ? source.path : source.pem;
}

import type { PemSource, Settings } from "./config/settings.ts";
import { assertPrivate, loadTls, type TlsSet } from "./tls/material.ts";

/** Loads and checks the certificates that the settings name; `configFile` holds the key when it stands in it. */
export function tlsSetOf({ core, security: { tls } }: Settings, wall: number, configFile: string): TlsSet {
  if (tls.key.kind === "inline") assertPrivate(configFile);
  return loadTls(
    {
      cert: text(tls.cert),
      key: text(tls.key),
      ca: text(tls.ca),
      crl: tls.crl === undefined ? undefined : text(tls.crl),
      min_version: tls.min_version,
    },
    core.mode,
    wall,
  );
}

/** The files among them. */
export function tlsPaths({ security: { tls } }: Settings): string[] {
  return [tls.cert, tls.key, tls.ca, tls.crl].flatMap((source) => (source?.kind === "file" ? source.path : []));
}

function text(source: PemSource): string {
  return source.kind === "file" ? source.path : source.pem;
}

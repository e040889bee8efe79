import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { SssonectorError } from "../../shared/errors.ts";
import { isPem } from "./pem.ts";

/** Bytes of any file that is named in `security.tls`. */
const sizeLimit = 16 * 1024 * 1024;

/** PEM text with the name that messages give it. */
export interface PemSource {
  /** The path, or `security.tls.KEY` for PEM that stands in the config. */
  readonly label: string;
  readonly text: string;
}

/** Text of a setting that is a path or PEM itself. Throws `tls_file`, and `tls_key_exposed` for a private one. */
export function readSource(setting: string, value: string, isPrivate: boolean): PemSource {
  if (isPem(value)) return { label: `security.tls.${setting}`, text: value };
  const descriptor = reading(value, () => openSync(value, "r"));
  try {
    const { mode, size } = reading(value, () => fstatSync(descriptor));
    if (isPrivate) refuseExposed(value, mode);
    if (size > sizeLimit) throw new SssonectorError("tls_file", `${value} has more than ${sizeLimit} bytes`);
    return { label: value, text: reading(value, () => readFileSync(descriptor, "utf8")) };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Throws `tls_key_exposed` when group or others have any right on the file, `tls_file` when it can't be looked at.
 * For keys, and for a config file that holds one inline.
 */
export function assertPrivate(path: string): void {
  refuseExposed(path, reading(path, () => statSync(path)).mode);
}

function refuseExposed(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  throw new SssonectorError("tls_key_exposed", `${path} has mode ${shown}, so that others can read a private key`, {
    next: `chmod 600 ${path}; issue a new certificate if the key leaked`,
  });
}

function reading<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SssonectorError("tls_file", `can't read ${path}: ${reason}`, { cause: error });
  }
}

import type { KeyObject } from "node:crypto";
import { SssonectorError } from "../../shared/errors.ts";

/** Extended key usage that each end's certificate needs (RFC 5280, 4.2.1.12). */
export const usageOf = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;

const curves = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/** True for RSA of 2048 bits and more, the NIST curves from P-256 on, and EdDSA. */
export function isStrong(key: KeyObject): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa" || type === "rsa-pss") return (details?.modulusLength ?? 0) >= 2048;
  if (type === "ec") return curves.has(details?.namedCurve ?? "");
  return type === "ed25519" || type === "ed448";
}

/** Throws `tls_weak_key`. */
export function refuseWeak(label: string, key: KeyObject): void {
  if (isStrong(key)) return;
  const bits = key.asymmetricKeyDetails?.modulusLength;
  const shown = bits === undefined ? (key.asymmetricKeyType ?? "unknown") : `${key.asymmetricKeyType}, ${bits} bits`;
  throw new SssonectorError("tls_weak_key", `${label} has a weak key (${shown})`);
}

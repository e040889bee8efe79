import type { KeyObject, X509Certificate } from "node:crypto";
import { SssonectorError } from "../../shared/errors.ts";

/** Extended key usage that each end's certificate needs (RFC 5280, 4.2.1.12). */
const usageOf = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;

const curves = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/** True for a key of RSA of 2048 bits and more, of the NIST curves from P-256 on, or of EdDSA. */
export function isStrong(certificate: X509Certificate): boolean {
  const key = publicKey(certificate);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key ?? {};
  if (type === "rsa" || type === "rsa-pss") return (details?.modulusLength ?? 0) >= 2048;
  if (type === "ec") return curves.has(details?.namedCurve ?? "");
  return type === "ed25519" || type === "ed448";
}

/** Throws `tls_weak_key`. */
export function refuseWeak(label: string, certificate: X509Certificate): void {
  if (isStrong(certificate)) return;
  const { asymmetricKeyType: type = "unknown type", asymmetricKeyDetails: details } = publicKey(certificate) ?? {};
  const size = details?.modulusLength === undefined ? "" : `, ${details.modulusLength} bits`;
  throw new SssonectorError("tls_weak_key", `${label} has a weak key (${type}${size})`);
}

/** True when the certificate says that it is for this end; one that says nothing is for neither. */
export function isFor(certificate: X509Certificate, role: "server" | "client"): boolean {
  // Node's type leaves out that a certificate may have no extended key usage.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  return usages?.includes(usageOf[role]) ?? false;
}

function publicKey(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    // A type of key that OpenSSL does not know.
    return undefined;
  }
}

import { createHash, type X509Certificate } from "node:crypto";
import { identityOfAltNames } from "../../shared/identity.ts";
import type { CheckedCrl } from "./crl-check.ts";
import type { PemSource } from "./source.ts";

/** One of the certificates and lists that this daemon works with. Times are milliseconds since the Unix epoch. */
export interface OwnCertificate {
  readonly kind: "certificate" | "ca" | "crl";
  /** Of a list: its signer's. */
  readonly subject: string;
  readonly identity: string | null;
  /** In hex; a list has none. */
  readonly serial: string | null;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The path, or `security.tls.KEY` for PEM that stands in the config. */
  readonly file: string;
  /** SHA-256 of the DER form, in lower-case hex. */
  readonly fingerprint: string;
}

/** SHA-256 of a certificate, in lower-case hex. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

export function describeCertificate(
  kind: "certificate" | "ca",
  { label }: PemSource,
  certificate: X509Certificate,
): OwnCertificate {
  const identity = identityOfAltNames(certificate.subjectAltName);
  return {
    kind,
    subject: certificate.subject.replaceAll("\n", ", "),
    identity: identity.kind === "identity" ? identity.name : null,
    serial: certificate.serialNumber.toLowerCase(),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    file: label,
    fingerprint: fingerprintOf(certificate),
  };
}

export function describeCrl({ label }: PemSource, { list, signers }: CheckedCrl): OwnCertificate {
  return {
    kind: "crl",
    subject: signers.map(({ subject }) => subject.replaceAll("\n", ", ")).join("; "),
    identity: null,
    serial: null,
    notBeforeMs: list.thisUpdateMs,
    notAfterMs: list.nextUpdateMs,
    file: label,
    fingerprint: createHash("sha256").update(list.der).digest("hex"),
  };
}

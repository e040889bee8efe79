import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { SssonectorError } from "../../shared/errors.ts";
import { identityOfAltNames } from "../../shared/identity.ts";
import { checkCrls } from "./crl-check.ts";
import { describeCertificate, describeCrl, type OwnCertificate } from "./own-certificates.ts";
import { pemBlocks } from "./pem.ts";
import { type PemSource, readSource } from "./source.ts";
import { isFor, refuseWeak } from "./strength.ts";
import { Trust } from "./trust.ts";

export { assertPrivate } from "./source.ts";

/** `security.tls` of the config: each of cert, key, ca and crl is a path or PEM text. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly crl?: string | undefined;
  readonly min_version: "1.2" | "1.3";
}

/** A validated set for TLS. Plain strings and numbers: it is posted to data threads. */
export interface TlsMaterial {
  /** The end certificate in PEM. */
  readonly cert: string;
  readonly key: string;
  /** One or more CA certificates in PEM. */
  readonly ca: string;
  /** Revocation lists in PEM; without one nothing is ever revoked. */
  readonly crl?: string;
  /** Our own name, from the certificate. */
  readonly identity: string;
  /** Serial of our certificate, in hex. */
  readonly serial: string;
  readonly minVersion: "1.2" | "1.3";
}

/** Certificate, key, CAs and lists that were checked together, for each of their uses. */
export interface TlsSet {
  /** For handshakes. */
  readonly material: TlsMaterial;
  /** For links that are up. */
  readonly trust: Trust;
  /** For people: our certificate, the CAs, the lists. */
  readonly own: readonly OwnCertificate[];
}

/**
 * Reads and checks the whole set as a peer would, so that a bad one is refused before it is used. The certificate has to
 * be signed by a CA of `ca` itself; intermediate CAs are not supported. Throws one `tls_…` code per kind of failure.
 */
export function loadTls(tls: TlsFiles, role: "server" | "client", wallMs: number): TlsSet {
  const certSource = readSource("cert", tls.cert, false);
  const keySource = readSource("key", tls.key, true);
  const caSource = readSource("ca", tls.ca, false);
  const crlSource = tls.crl === undefined ? undefined : readSource("crl", tls.crl, false);
  const { certificate, pem } = certificates(certSource)[0];
  const authorities = certificates(caSource).map((one) => one.certificate);

  refuseWeak(certSource.label, certificate);
  for (const authority of authorities) refuseWeak(caSource.label, authority);
  checkKey(certificate, certSource, keySource);
  checkDates(certSource, certificate, wallMs);
  checkUsage(certSource, certificate, role);
  const issuer = issuerOf(certSource, certificate, caSource, authorities);
  checkDates(caSource, issuer, wallMs);
  const identity = ownIdentity(certSource, certificate);
  const crls = crlSource === undefined ? [] : checkCrls(crlSource, certSource, certificate, authorities, wallMs);
  const material = {
    cert: pem,
    key: keySource.text,
    ca: caSource.text,
    ...(crlSource === undefined ? {} : { crl: crlSource.text }),
    identity,
    serial: certificate.serialNumber,
    minVersion: tls.min_version,
  };
  const own = [
    describeCertificate("certificate", certSource, certificate),
    ...authorities.map((ca) => describeCertificate("ca", caSource, ca)),
    ...crls.map((crl) => describeCrl(crlSource ?? caSource, crl)),
  ];
  return { material, trust: new Trust(authorities, crls), own };
}

interface ParsedCertificate {
  readonly certificate: X509Certificate;
  readonly pem: string;
}

function certificates({ label, text }: PemSource): [ParsedCertificate, ...ParsedCertificate[]] {
  const [first, ...rest] = pemBlocks(text, "CERTIFICATE").map((block) => {
    try {
      return { certificate: new X509Certificate(block.text), pem: block.text };
    } catch (error) {
      throw new SssonectorError("tls_not_pem", `${label} holds a certificate that can't be decoded`, { cause: error });
    }
  });
  if (first === undefined) throw new SssonectorError("tls_not_pem", `${label} holds no certificate in PEM`);
  return [first, ...rest];
}

function checkKey(certificate: X509Certificate, certSource: PemSource, keySource: PemSource): void {
  if (certificate.checkPrivateKey(privateKey(keySource))) return;
  throw new SssonectorError("tls_key_mismatch", `${keySource.label} is not the key of ${certSource.label}`);
}

function privateKey({ label, text }: PemSource): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new SssonectorError("tls_not_pem", `${label} holds no unencrypted private key in PEM`, { cause: error });
  }
}

function checkDates({ label }: PemSource, { validFromDate, validToDate }: X509Certificate, wallMs: number): void {
  const clock = `; the clock says ${new Date(wallMs).toISOString()}`;
  if (wallMs >= validToDate.getTime()) {
    throw new SssonectorError("tls_expired", `${label} expired on ${validToDate.toISOString()}${clock}`);
  }
  if (wallMs < validFromDate.getTime()) {
    throw new SssonectorError("tls_not_yet_valid", `${label} is valid from ${validFromDate.toISOString()}${clock}`);
  }
}

function checkUsage({ label }: PemSource, certificate: X509Certificate, role: "server" | "client"): void {
  if (isFor(certificate, role)) return;
  throw new SssonectorError("tls_wrong_usage", `${label} is no ${role} certificate (extended key usage)`, {
    next: `issue one: sssonector pki issue --role ${role}`,
  });
}

function issuerOf(
  { label }: PemSource,
  certificate: X509Certificate,
  caSource: PemSource,
  authorities: readonly X509Certificate[],
): X509Certificate {
  const issuer = authorities.find((ca) => ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  if (issuer !== undefined) return issuer;
  throw new SssonectorError("tls_wrong_ca", `${label} is not signed by a CA of ${caSource.label}`);
}

function ownIdentity({ label }: PemSource, certificate: X509Certificate): string {
  const identity = identityOfAltNames(certificate.subjectAltName);
  if (identity.kind === "identity") return identity.name;
  throw new SssonectorError("tls_identity", `${label} names no identity: ${identity.reason}`);
}

import { identityScheme } from "../../shared/identity.ts";
import type { Authority } from "./authority.ts";
import type { AltName } from "./names.ts";
import type { Issued } from "./store.ts";
import { clockSkew, dayMs, keyPem, newKeys, newSerial, signing, wholeSeconds, x509 } from "./x509.ts";

export type Role = "server" | "client";

/** What a certificate is asked for; renewal asks the same again. */
export interface CertificateRequest {
  readonly name: string;
  readonly role: Role;
  readonly sans: readonly AltName[];
  readonly days: number;
}

/** A signed certificate with its new key, and the entry that the index keeps. */
export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly entry: Issued;
}

const usageOf = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
} as const;

/** Makes a key and signs its certificate. It never outlives the CA. */
export async function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
  wallMs: number,
): Promise<IssuedCertificate> {
  const { name, role, sans, days } = request;
  const keys = await newKeys();
  const serial = newSerial();
  const notBefore = wholeSeconds(Math.max(wallMs - clockSkew, authority.certificate.notBefore.getTime()));
  const notAfter = wholeSeconds(Math.min(wallMs + days * dayMs, authority.certificate.notAfter.getTime()));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [name] }],
    issuer: authority.certificate.subjectName,
    notBefore,
    notAfter,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usageOf[role]], true),
      new x509.SubjectAlternativeNameExtension([{ type: "url", value: `${identityScheme}${name}` }, ...sans]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  const entry: Issued = {
    name,
    role,
    serial,
    sans: [...sans],
    days,
    not_before: notBefore.toISOString(),
    not_after: notAfter.toISOString(),
  };
  return { certificatePem: `${certificate.toString("pem")}\n`, keyPem: await keyPem(keys.privateKey), entry };
}

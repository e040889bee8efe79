import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { webcrypto } from "node:crypto";
import { keyFromPem, keyPem, newKeys, newSerial, signing, x509 } from "../../../src/cli/pki/x509.ts";
import type { Authority, Credentials } from "../../../src/cli/demo/authority.ts";

const dayMillis = 86_400_000;

/** What a forged certificate says; each default is what `sssonector pki` would write. */
export interface Forgery {
  /** URI names, as they are. */
  uris?: string[];
  role?: "server" | "client";
  /** Days from now until it expires; negative: it has. */
  days?: number;
  /** An RSA key of this many bits instead of P-256. */
  rsaBits?: number;
}

async function rsaKeys(bits: number): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: bits,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** A certificate that `sssonector pki` would not write, signed by the authority's own key. */
export async function forge(authority: Authority, name: string, forgery: Forgery = {}): Promise<Credentials> {
  const ca = new x509.X509Certificate(await readFile(path.join(authority.directory, "ca.crt"), "utf8"));
  const keys = forgery.rsaBits === undefined ? await newKeys() : await rsaKeys(forgery.rsaBits);
  const notAfter = Date.now() + (forgery.days ?? 30) * dayMillis;
  const usage = forgery.role === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const uris = forgery.uris ?? [`sssonector:${name}`];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [name] }],
    issuer: ca.subjectName,
    notBefore: new Date(Math.min(Date.now(), notAfter) - dayMillis),
    notAfter: new Date(notAfter),
    publicKey: keys.publicKey,
    signingKey: await keyFromPem(await readFile(path.join(authority.directory, "ca.key"), "utf8")),
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage], true),
      ...(uris.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(uris.map((value) => ({ type: "url" as const, value })))]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
    ],
  });
  const credentials = authority.credentials(name);
  await writeFile(credentials.cert, certificate.toString("pem"));
  await writeFile(credentials.key, await keyPem(keys.privateKey), { mode: 0o600 });
  return credentials;
}

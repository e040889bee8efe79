import { SssonectorError } from "../../shared/errors.ts";
import { readPrivate, readText } from "./files.ts";
import { caPaths } from "./store.ts";
import { clockSkew, dayMs, keyFromPem, keyPem, newKeys, newSerial, signing, wholeSeconds, x509 } from "./x509.ts";

/** Days that a CA is valid. */
const caDays = 3650;

/** A CA that can sign. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

/** A new self-signed CA that may sign end certificates and CRLs, but no further CA. */
export async function createAuthority(commonName: string, wallMs: number): Promise<Authority & { keyPem: string }> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [commonName] }],
    notBefore: wholeSeconds(wallMs - clockSkew),
    notAfter: wholeSeconds(wallMs + caDays * dayMs),
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey, keyPem: await keyPem(keys.privateKey) };
}

/** The CA of a pki directory; refuses a key that others can read and a CA that has expired. */
export async function loadAuthority(directory: string, wallMs: number): Promise<Authority> {
  const paths = caPaths(directory);
  const certificatePem = await readText(paths.certificate);
  const pem = await readPrivate(paths.key);
  const certificate = parsed(paths.certificate, () => new x509.X509Certificate(certificatePem));
  if (certificate.notAfter.getTime() <= wallMs) {
    throw new SssonectorError("pki_expired", `${paths.certificate} expired on ${certificate.notAfter.toISOString()}`);
  }
  const key = await keyFromPem(pem).catch((error: unknown) => notReadable(paths.key, error));
  return { certificate, key };
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    return notReadable(path, error);
  }
}

function notReadable(path: string, cause: unknown): never {
  throw new SssonectorError("pki_invalid", `${path} can't be decoded`, { cause });
}

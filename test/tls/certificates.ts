import { webcrypto } from "node:crypto";
import { type Authority, createAuthority } from "../../src/cli/pki/authority.ts";
import { issueCertificate, type Role } from "../../src/cli/pki/certificate.ts";
import { signCrl } from "../../src/cli/pki/crl.ts";
import { dayMs, keyPem, newSerial, signing, x509 } from "../../src/cli/pki/x509.ts";
import { loadTls, type TlsMaterial } from "../../src/daemon/tls/material.ts";

export { dayMs } from "../../src/cli/pki/x509.ts";

/** A certificate with its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly serial: string;
}

/** What a certificate of our own PKI never has. */
export interface Odd {
  /** DER of the extension, or the URIs; absent: no SAN. */
  readonly san?: Uint8Array<ArrayBuffer> | readonly string[];
  readonly usage?: Role;
  readonly rsaBits?: number;
}

/** A CA in memory that signs good and odd certificates. */
export class TestCa {
  readonly #authority: Authority;
  readonly pem: string;

  constructor(authority: Authority) {
    this.#authority = authority;
    this.pem = authority.certificate.toString("pem");
  }

  static async create(wallMs: number = Date.now()): Promise<TestCa> {
    return new TestCa(await createAuthority("test CA", wallMs));
  }

  async issue(name: string, role: Role, wallMs: number = Date.now(), days = 30): Promise<Pair> {
    const issued = await issueCertificate(this.#authority, { name, role, sans: [], days }, wallMs);
    return { cert: issued.certificatePem, key: issued.keyPem, serial: issued.entry.serial };
  }

  async issueOdd({ san, usage, rsaBits }: Odd): Promise<Pair> {
    const algorithm =
      rsaBits === undefined
        ? { name: "ECDSA", namedCurve: "P-256" }
        : {
            name: "RSASSA-PKCS1-v1_5",
            modulusLength: rsaBits,
            publicExponent: Uint8Array.of(1, 0, 1),
            hash: "SHA-256",
          };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const serial = newSerial();
    const extensions: x509.Extension[] = [];
    if (usage !== undefined)
      extensions.push(new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${usage}Auth`]]));
    if (san instanceof Uint8Array) extensions.push(new x509.Extension("2.5.29.17", false, san));
    else if (san !== undefined) {
      extensions.push(new x509.SubjectAlternativeNameExtension(san.map((value) => ({ type: "url", value }))));
    }
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: "CN=sssonector:root",
      issuer: this.#authority.certificate.subjectName,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + dayMs),
      publicKey: keys.publicKey,
      signingKey: this.#authority.key,
      signingAlgorithm: signing,
      extensions,
    });
    return { cert: certificate.toString("pem"), key: await keyPem(keys.privateKey), serial };
  }

  crl(revoked: readonly string[] = [], wallMs: number = Date.now()): Promise<string> {
    const revoked_at = new Date(wallMs).toISOString();
    const entry = { name: "x", role: "client", sans: [], days: 1, not_before: "", not_after: "", revoked_at } as const;
    return signCrl(
      this.#authority,
      revoked.map((serial) => ({ ...entry, serial })),
      1,
      wallMs,
    );
  }
}

/** Material without the checks that `loadTls` makes, so that a bad one reaches the handshake. */
export function uncheckedMaterial(
  pair: Pair,
  ca: string,
  crl?: string,
  minVersion: "1.2" | "1.3" = "1.3",
): TlsMaterial {
  const { cert, key, serial } = pair;
  return { cert, key, ca, ...(crl === undefined ? {} : { crl }), identity: "x", serial, minVersion };
}

export function material(pair: Pair, role: Role, ca: string, crl?: string): TlsMaterial {
  return loadTls({ cert: pair.cert, key: pair.key, ca, crl, min_version: "1.3" }, role, Date.now()).material;
}

/** DER of a SAN extension that holds one URI with these bytes. */
export function uriSan(uri: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(uri, "latin1");
  return Uint8Array.from([0x30, bytes.length + 2, 0x86, bytes.length, ...bytes]);
}

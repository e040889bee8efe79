import type { Authority } from "./authority.ts";
import type { Issued } from "./store.ts";
import { clockSkew, dayMs, signing, wholeSeconds, x509 } from "./x509.ts";

/** Days until a CRL expires; an expired one closes the tunnel, so re-sign it before. */
const crlDays = 365;

const crlNumberOid = "2.5.29.20";

/** Signs the list of revoked certificates. `number` has to grow from list to list. */
export async function signCrl(
  authority: Authority,
  revoked: readonly Issued[],
  number: number,
  wallMs: number,
): Promise<string> {
  const crl = await x509.X509CrlGenerator.create({
    issuer: authority.certificate.subjectName,
    thisUpdate: wholeSeconds(Math.max(wallMs - clockSkew, authority.certificate.notBefore.getTime())),
    nextUpdate: wholeSeconds(wallMs + crlDays * dayMs),
    signingAlgorithm: signing,
    signingKey: authority.key,
    extensions: [
      new x509.Extension(crlNumberOid, false, derInteger(number)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
    entries: revoked.map(entry),
  });
  // The library's own label is "CRL", which OpenSSL refuses.
  return `${x509.PemConverter.encode(crl.rawData, "X509 CRL")}\n`;
}

function entry({ serial, revoked_at }: Issued): x509.X509CrlEntryParams {
  // Without a reason the library writes an empty list of extensions, which strict readers refuse.
  const reason = x509.X509CrlReason.privilegeWithdrawn;
  return { serialNumber: serial, revocationDate: wholeSeconds(Date.parse(revoked_at ?? "")), reason };
}

function derInteger(value: number): Uint8Array<ArrayBuffer> {
  const hex = value.toString(16);
  const bytes = [...Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex")];
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return Uint8Array.from([0x02, bytes.length, ...bytes]);
}

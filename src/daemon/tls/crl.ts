import { type KeyObject, verify } from "node:crypto";
import { type DerElement, DerReader, derTag, derTime, malformed } from "./der.ts";
import { pemBlocks } from "./pem.ts";

/** Bytes of PEM that a revocation list may have: about 200,000 serials. */
export const crlSizeLimit: number = 16 * 1024 * 1024;

/** A decoded certificate revocation list (RFC 5280, section 5). Its signature is not checked yet. */
export interface Crl {
  readonly thisUpdateMs: number;
  /** The list is worthless from then on; a list without this field is refused. */
  readonly nextUpdateMs: number;
  /** Serials in lower-case hex without leading zeros. */
  readonly revoked: ReadonlySet<string>;
  /** The whole list. */
  readonly der: Buffer;
  readonly signed: Buffer;
  readonly signature: Buffer;
  /** Hash that the signature uses; undefined for EdDSA, which has its own. */
  readonly hash: string | undefined;
}

/** Hash by signature algorithm, in hex of the OID's DER body. */
const hashes: ReadonlyMap<string, string | undefined> = new Map([
  ["2a8648ce3d040302", "sha256"], // ecdsa-with-SHA256
  ["2a8648ce3d040303", "sha384"],
  ["2a8648ce3d040304", "sha512"],
  ["2a864886f70d01010b", "sha256"], // sha256WithRSAEncryption
  ["2a864886f70d01010c", "sha384"],
  ["2a864886f70d01010d", "sha512"],
  ["2b6570", undefined], // Ed25519
]);

/** The lists of a PEM text, which has to hold at least one. Throws `tls_crl_malformed`. */
export function parseCrls(pem: string): Crl[] {
  if (pem.length > crlSizeLimit) throw malformed(`more than ${crlSizeLimit} bytes`);
  const blocks = pemBlocks(pem, "X509 CRL");
  if (blocks.length === 0) throw malformed("no block `X509 CRL` in PEM");
  return blocks.map(({ der }) => parseCrl(der));
}

/** Decodes one list from DER. Throws `tls_crl_malformed`. */
export function parseCrl(der: Buffer): Crl {
  const outer = new DerReader(der);
  const list = new DerReader(outer.expect(derTag.sequence).body);
  outer.end();
  const signed = list.expect(derTag.sequence);
  const algorithm = list.expect(derTag.sequence);
  const signature = list.expect(derTag.bitString).body;
  list.end();
  if (signature[0] !== 0) throw malformed("a signature with unused bits");
  return {
    ...parseSigned(signed, algorithm),
    der,
    signed: signed.whole,
    signature: signature.subarray(1),
    hash: hashOf(algorithm),
  };
}

/** True when the holder of `key` signed the list. */
export function isSignedBy(crl: Crl, key: KeyObject): boolean {
  try {
    return verify(crl.hash, crl.signed, key, crl.signature);
  } catch {
    // A key of another type than the signature's.
    return false;
  }
}

/** True when the list names the serial; hex in either case, as `X509Certificate.serialNumber` has it. */
export function isRevoked(crl: Pick<Crl, "revoked">, serialHex: string): boolean {
  return crl.revoked.has(normalSerial(serialHex));
}

function parseSigned(
  signed: DerElement,
  algorithm: DerElement,
): Pick<Crl, "thisUpdateMs" | "nextUpdateMs" | "revoked"> {
  const fields = new DerReader(signed.body);
  fields.optional(derTag.integer);
  if (!fields.expect(derTag.sequence).whole.equals(algorithm.whole)) throw malformed("two signature algorithms");
  fields.expect(derTag.sequence);
  const thisUpdateMs = derTime(fields.next());
  const nextUpdate = fields.optional(derTag.utcTime, derTag.generalizedTime);
  if (nextUpdate === undefined) throw malformed("no date of expiry");
  const entries = fields.optional(derTag.sequence);
  fields.optional(0xa0);
  fields.end();
  return { thisUpdateMs, nextUpdateMs: derTime(nextUpdate), revoked: serials(entries) };
}

function serials(entries: DerElement | undefined): Set<string> {
  const revoked = new Set<string>();
  const reader = new DerReader(entries?.body ?? Buffer.alloc(0));
  while (!reader.done) {
    const entry = new DerReader(reader.expect(derTag.sequence).body);
    revoked.add(normalSerial(entry.expect(derTag.integer).body.toString("hex")));
  }
  return revoked;
}

function hashOf(algorithm: DerElement): string | undefined {
  const oid = new DerReader(algorithm.body).expect(derTag.oid).body.toString("hex");
  if (!hashes.has(oid)) throw malformed("a signature algorithm that is not ECDSA, RSA with SHA-2, or Ed25519");
  return hashes.get(oid);
}

function normalSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+(?=.)/, "");
}

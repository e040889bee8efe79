// The library's dependency injection reads metadata at import time.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** The only key type of this PKI: ECDSA P-256, signed with SHA-256. */
export const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
export const signing = { name: "ECDSA", hash: "SHA-256" } as const;

/** Peers' clocks may be this much behind ours, in milliseconds. */
export const clockSkew: number = 5 * 60_000;

export const dayMs: number = 86_400_000;

/** 16 random bytes as hex; the top bits are fixed so that DER neither pads nor shortens them. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/** X.509 has whole seconds. */
export function wholeSeconds(wallMs: number): Date {
  return new Date(Math.floor(wallMs / 1000) * 1000);
}

export function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
}

export async function keyPem(key: CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

export async function keyFromPem(pem: string): Promise<CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), keyAlgorithm, false, ["sign"]);
}

export { x509 };

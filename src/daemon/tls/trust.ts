import { X509Certificate } from "node:crypto";
import type { CheckedCrl } from "./crl-check.ts";
import { type Crl, isRevoked } from "./crl.ts";
import type { TlsMaterial } from "./material.ts";
import { fingerprintOf } from "./own-certificates.ts";
import { pemBlocks } from "./pem.ts";

/** What is kept of a peer's certificate while its link lives; plain data that crosses the thread boundary. */
export interface PeerCertificate {
  /** In hex. */
  readonly serial: string;
  /** SHA-256 of the CA certificate that signed it, in lower-case hex; empty when it is none of ours. */
  readonly issuer: string;
  /** Milliseconds since the Unix epoch. */
  readonly notAfterMs: number;
}

/** Why a certificate that was good once is so no longer, in the words of refused handshakes. */
export type Distrust = "certificate_untrusted" | "certificate_revoked" | "certificate_expired";

/** The CA certificates of a set that was checked before. */
export function authoritiesOf(material: Pick<TlsMaterial, "ca">): X509Certificate[] {
  return pemBlocks(material.ca, "CERTIFICATE").map(({ text }) => new X509Certificate(text));
}

/** Finds which of the CAs signed the certificate of a peer. */
export function peerCertificate(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): PeerCertificate {
  const issuer = authorities.find((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  return {
    serial: certificate.serialNumber,
    issuer: issuer === undefined ? "" : fingerprintOf(issuer),
    notAfterMs: certificate.validToDate.getTime(),
  };
}

/** Judges certificates of live links by one set of CAs and revocation lists; each judgement is a few look-ups. */
export class Trust {
  /** Lists by the fingerprint of their CA. */
  readonly #lists: ReadonlyMap<string, readonly Crl[]>;

  constructor(authorities: readonly X509Certificate[], crls: readonly CheckedCrl[]) {
    this.#lists = new Map(
      authorities.map((ca) => [
        fingerprintOf(ca),
        crls.filter(({ signers }) => signers.includes(ca)).map(({ list }) => list),
      ]),
    );
  }

  /** Undefined: still good. */
  judge(peer: PeerCertificate, wallMs: number): Distrust | undefined {
    const lists = this.#lists.get(peer.issuer);
    if (lists === undefined) return "certificate_untrusted";
    if (lists.some((list) => isRevoked(list, peer.serial))) return "certificate_revoked";
    return wallMs >= peer.notAfterMs ? "certificate_expired" : undefined;
  }
}

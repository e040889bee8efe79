import type { X509Certificate } from "node:crypto";
import { SssonectorError } from "../../shared/errors.ts";
import { type Crl, isRevoked, isSignedBy, parseCrls } from "./crl.ts";
import type { PemSource } from "./source.ts";

/** A list that is valid now, with the CAs of the set whose key signed it. */
export interface CheckedCrl {
  readonly list: Crl;
  readonly signers: readonly X509Certificate[];
}

/**
 * Checks the lists against the CAs and our own certificate. Throws `tls_crl_malformed`, `tls_crl_signature`,
 * `tls_crl_expired`, `tls_crl_not_yet_valid`, `tls_revoked`.
 */
export function checkCrls(
  source: PemSource,
  certSource: PemSource,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  wallMs: number,
): CheckedCrl[] {
  return parseCrls(source.text).map((list) => {
    const signers = authorities.filter((ca) => isSignedBy(list, ca.publicKey));
    if (signers.length === 0) {
      throw new SssonectorError("tls_crl_signature", `${source.label} is not signed by the CA`);
    }
    checkCrlDates(source, list, wallMs);
    // Serials are unique per CA only.
    const ours = signers.some((ca) => certificate.checkIssued(ca));
    if (ours && isRevoked(list, certificate.serialNumber)) {
      throw new SssonectorError("tls_revoked", `${certSource.label} is revoked in ${source.label}`);
    }
    return { list, signers };
  });
}

function checkCrlDates({ label }: PemSource, { thisUpdateMs, nextUpdateMs }: Crl, wallMs: number): void {
  const clock = `; the clock says ${new Date(wallMs).toISOString()}`;
  if (wallMs >= nextUpdateMs) {
    const since = new Date(nextUpdateMs).toISOString();
    throw new SssonectorError("tls_crl_expired", `${label} expired on ${since}${clock}`);
  }
  if (wallMs < thisUpdateMs) {
    const from = new Date(thisUpdateMs).toISOString();
    throw new SssonectorError("tls_crl_not_yet_valid", `${label} is valid from ${from}${clock}`);
  }
}

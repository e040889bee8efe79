import type { X509Certificate } from "node:crypto";
import { SssonectorError } from "../../shared/errors.ts";
import { type Crl, isRevoked, isSignedBy, parseCrls } from "./crl.ts";
import type { PemSource } from "./source.ts";

/**
 * Checks the lists against the CAs and our own certificate. Returns the epoch milliseconds at which the first list
 * expires. Throws `tls_crl_malformed`, `tls_crl_signature`, `tls_crl_expired`, `tls_crl_not_yet_valid`, `tls_revoked`.
 */
export function checkCrls(
  source: PemSource,
  certSource: PemSource,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  wallMs: number,
): number {
  const lists = parseCrls(source.text);
  for (const list of lists) {
    if (!authorities.some((ca) => isSignedBy(list, ca.publicKey))) {
      throw new SssonectorError("tls_crl_signature", `${source.label} is not signed by the CA`);
    }
    checkCrlDates(source, list, wallMs);
    // Serials are unique per CA only.
    const ours = authorities.some((ca) => certificate.checkIssued(ca) && isSignedBy(list, ca.publicKey));
    if (ours && isRevoked(list, certificate.serialNumber)) {
      throw new SssonectorError("tls_revoked", `${certSource.label} is revoked in ${source.label}`);
    }
  }
  return Math.min(...lists.map(({ nextUpdateMs }) => nextUpdateMs));
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

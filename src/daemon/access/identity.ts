import type { X509Certificate } from "node:crypto";
import { type Identity, identityOfAltNames } from "../../shared/identity.ts";

export type { Identity } from "../../shared/identity.ts";

/**
 * The identity that a verified certificate proves: its one URI SAN `sssonector:NAME`, never its common name.
 * Costs one string scan; called once per handshake.
 */
export function identityOf(certificate: Pick<X509Certificate, "subjectAltName">): Identity {
  return identityOfAltNames(certificate.subjectAltName);
}

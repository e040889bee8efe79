import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { alpnProtocol } from "./options.ts";
import { type RefusalReason, refusalReason } from "./refusal.ts";
import { isFor, isStrong } from "./strength.ts";

/** What a peer proved. */
export type Peer =
  | { readonly kind: "verified"; readonly certificate: X509Certificate }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

/**
 * What OpenSSL leaves to us; both ends ask it as soon as the handshake is done and before any byte is used. OpenSSL lets
 * a peer through that offers no ALPN at all, and a certificate that names no extended key usage.
 */
export function checkPeer(
  socket: Pick<TLSSocket, "authorized" | "authorizationError" | "alpnProtocol" | "getPeerX509Certificate">,
  peerRole: "server" | "client",
): Peer {
  if (!socket.authorized) return refused(refusalReason(undefined, socket.authorizationError));
  if (socket.alpnProtocol !== alpnProtocol) return refused("wrong_alpn");
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return refused("certificate_missing");
  if (!isFor(certificate, peerRole)) return refused("certificate_wrong_usage");
  return isStrong(certificate) ? { kind: "verified", certificate } : refused("certificate_weak");
}

function refused(reason: RefusalReason): Peer {
  return { kind: "refused", reason };
}

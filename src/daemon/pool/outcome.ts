/**
 * What the end of an attempt or of a link says about the server. remote: it failed; local: our own fault, which never
 * counts against it; policy: it or we refuse the other's certificate or identity; cancelled: somebody wanted it.
 */
export type CallOutcome = "remote" | "local" | "policy" | "cancelled";

/** `server_full` without `peer_`: our own core.max_connections. The CRL is ours as well, and the same for every server. */
const local = new Set([
  "unresolved",
  "not_pinned",
  "no_route",
  "local_limit",
  "server_full",
  "internal",
  "crl_expired",
  "crl_not_yet_valid",
  "crl_invalid",
]);

const cancelled = new Set([
  "kicked",
  "normal",
  "stopping",
  "superseded",
  "network_changed",
  "peer_kicked",
  "peer_normal",
  "peer_stopping",
  "peer_superseded",
  "peer_token_invalid",
]);

/** By the reason that dialer, link or peer gave. */
export function callOutcome(reason: string): CallOutcome {
  if (cancelled.has(reason)) return "cancelled";
  if (local.has(reason)) return "local";
  return isPolicy(reason) ? "policy" : "remote";
}

function isPolicy(reason: string): boolean {
  if (reason === "peer_denied" || reason === "crl_missing") return true;
  if (reason.includes("alpn") || reason.startsWith("identity_")) return true;
  return (
    reason.startsWith("certificate_") || reason.startsWith("alert_certificate_") || reason === "server_name_mismatch"
  );
}

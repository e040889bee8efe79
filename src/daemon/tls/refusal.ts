/**
 * Why a TLS handshake came to nothing: label of counters, events and logs on both sides, with its text. `alert_…` is what
 * the other end says about us; Node's own ends send few alerts, so that there it is mostly `closed_by_peer`.
 */
export const refusalReasons = {
  certificate_missing: "the peer sent no certificate",
  certificate_expired: "the peer's certificate has expired",
  certificate_not_yet_valid: "the peer's certificate is not valid yet: look at both clocks",
  certificate_revoked: "the peer's certificate is revoked",
  certificate_untrusted: "the peer's certificate is not signed by our CA",
  certificate_wrong_usage: "the peer's certificate is for the other end (extended key usage)",
  certificate_weak: "the peer's certificate has a key or digest that is too weak",
  certificate_invalid: "the peer's certificate is not acceptable",
  crl_expired: "our revocation list has expired: sign it again with `sssonector pki crl`",
  crl_not_yet_valid: "our revocation list is not valid yet: look at the clock",
  crl_missing: "our revocation list is not of the CA that signed the peer's certificate",
  crl_invalid: "our revocation list is not signed by the CA",
  identity_missing: "the peer's certificate has no URI SAN",
  identity_ambiguous: "the peer's certificate has more than one URI SAN",
  identity_malformed: "the peer's URI SAN is not sssonector:NAME in printable ASCII",
  identity_mismatch: "the peer is not who it should be",
  server_name_mismatch: "the server's certificate is not for security.tls.server_name",
  wrong_alpn: "the peer does not speak sssonector/1",
  wrong_version: "the peer offers no TLS version that we accept",
  no_shared_cipher: "the peer offers no cipher or group that we accept",
  not_tls: "the peer does not speak TLS",
  http_request: "the peer speaks plain HTTP",
  handshake_timeout: "the peer did not finish the handshake in time",
  closed_by_peer: "the peer closed the connection during the handshake: its log has the reason",
  handshake_failed: "the handshake failed",
  alert_certificate_missing: "the peer says that we sent no certificate",
  alert_certificate_expired: "the peer says that our certificate has expired",
  alert_certificate_revoked: "the peer says that our certificate is revoked",
  alert_certificate_untrusted: "the peer says that it does not know our CA",
  alert_certificate_wrong_usage: "the peer says that our certificate is of the wrong kind",
  alert_certificate_invalid: "the peer says that our certificate is not acceptable",
  alert_wrong_alpn: "the peer says that it does not speak sssonector/1",
  alert_wrong_version: "the peer says that it accepts no TLS version of ours",
  alert_handshake_failure: "the peer says that nothing we offer is acceptable",
  alert_other: "the peer gave up with another alert",
} as const;

export type RefusalReason = keyof typeof refusalReasons;

/** OpenSSL's verification results and Node's error codes. */
const byCode: Readonly<Record<string, RefusalReason>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "certificate_missing",
  CERT_HAS_EXPIRED: "certificate_expired",
  CERT_NOT_YET_VALID: "certificate_not_yet_valid",
  CERT_REVOKED: "certificate_revoked",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate_untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "certificate_untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "certificate_untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "certificate_untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "certificate_untrusted",
  CERT_SIGNATURE_FAILURE: "certificate_untrusted",
  CERT_UNTRUSTED: "certificate_untrusted",
  INVALID_PURPOSE: "certificate_wrong_usage",
  // Node has no name of its own for OpenSSL's results "key too weak" and "digest too weak".
  UNSPECIFIED: "certificate_weak",
  ERR_SSL_EE_KEY_TOO_SMALL: "certificate_weak",
  INVALID_CA: "certificate_invalid",
  PATH_LENGTH_EXCEEDED: "certificate_invalid",
  CERT_CHAIN_TOO_LONG: "certificate_invalid",
  CERT_REJECTED: "certificate_invalid",
  CRL_HAS_EXPIRED: "crl_expired",
  CRL_NOT_YET_VALID: "crl_not_yet_valid",
  UNABLE_TO_GET_CRL: "crl_missing",
  CRL_SIGNATURE_FAILURE: "crl_invalid",
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: "crl_invalid",
  HOSTNAME_MISMATCH: "server_name_mismatch",
  ERR_TLS_CERT_ALTNAME_INVALID: "server_name_mismatch",
  ERR_SSL_NO_APPLICATION_PROTOCOL: "wrong_alpn",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "wrong_version",
  ERR_SSL_NO_SHARED_CIPHER: "no_shared_cipher",
  ERR_SSL_NO_SUITABLE_KEY_SHARE: "no_shared_cipher",
  ERR_SSL_NO_SUITABLE_GROUPS: "no_shared_cipher",
  ERR_SSL_NO_SHARED_GROUPS: "no_shared_cipher",
  ERR_SSL_HTTP_REQUEST: "http_request",
  ERR_SSL_HTTPS_PROXY_REQUEST: "http_request",
  ERR_SSL_WRONG_VERSION_NUMBER: "not_tls",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "not_tls",
  ERR_SSL_UNEXPECTED_MESSAGE: "not_tls",
  ERR_TLS_HANDSHAKE_TIMEOUT: "handshake_timeout",
  ETIMEDOUT: "handshake_timeout",
  ECONNRESET: "closed_by_peer",
  EPIPE: "closed_by_peer",
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: "closed_by_peer",
};

/** The last part of `ERR_SSL_…_ALERT_NAME`. */
const byAlert: Readonly<Record<string, RefusalReason>> = {
  CERTIFICATE_REQUIRED: "alert_certificate_missing",
  CERTIFICATE_EXPIRED: "alert_certificate_expired",
  CERTIFICATE_REVOKED: "alert_certificate_revoked",
  UNKNOWN_CA: "alert_certificate_untrusted",
  UNSUPPORTED_CERTIFICATE: "alert_certificate_wrong_usage",
  BAD_CERTIFICATE: "alert_certificate_invalid",
  CERTIFICATE_UNKNOWN: "alert_certificate_invalid",
  ACCESS_DENIED: "alert_certificate_invalid",
  NO_APPLICATION_PROTOCOL: "alert_wrong_alpn",
  PROTOCOL_VERSION: "alert_wrong_version",
  HANDSHAKE_FAILURE: "alert_handshake_failure",
};

/**
 * The reason behind an error of a handshake. On a server, `tlsClientError` says only ECONNRESET for a certificate that
 * did not verify: pass the socket's `authorizationError` as well, which has the true reason.
 */
export function refusalReason(error: unknown, authorizationError?: unknown): RefusalReason {
  return reasonOfCode(codeOf(authorizationError)) ?? reasonOfCode(codeOf(error)) ?? "handshake_failed";
}

function reasonOfCode(code: string | undefined): RefusalReason | undefined {
  if (code === undefined) return undefined;
  const alert = /^ERR_SSL_.*ALERT_([A-Z_]+)$/.exec(code)?.[1];
  if (alert !== undefined) return own(byAlert, alert) ?? "alert_other";
  return own(byCode, code);
}

function own(table: Readonly<Record<string, RefusalReason>>, key: string): RefusalReason | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Node gives an error with a code, or, as authorizationError on a server, the code alone. */
function codeOf(error: unknown): string | undefined {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

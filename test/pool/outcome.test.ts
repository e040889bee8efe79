import { describe, expect, it } from "vitest";
import { type CloseReason, closeCodes } from "../../src/daemon/link/messages.ts";
import { callOutcome, type CallOutcome } from "../../src/daemon/pool/outcome.ts";
import { type RefusalReason, refusalReasons } from "../../src/daemon/tls/refusal.ts";

/** What a CLOSE of the server says about it. */
const closes: Readonly<Record<CloseReason, CallOutcome>> = {
  normal: "cancelled",
  protocol_error: "remote",
  version: "remote",
  not_here: "remote",
  superseded: "cancelled",
  denied: "policy",
  token_invalid: "cancelled",
  no_address: "remote",
  server_full: "remote",
  kicked: "cancelled",
  stopping: "cancelled",
  timeout: "remote",
  internal: "remote",
};

/** What the same words say when it is this end that closes. */
const ownCloses: Readonly<Partial<Record<CloseReason, CallOutcome>>> = {
  normal: "cancelled",
  protocol_error: "remote",
  superseded: "cancelled",
  server_full: "local",
  kicked: "cancelled",
  stopping: "cancelled",
  timeout: "remote",
  internal: "local",
};

const refusals: Readonly<Record<RefusalReason, CallOutcome>> = {
  certificate_missing: "policy",
  certificate_expired: "policy",
  certificate_not_yet_valid: "policy",
  certificate_revoked: "policy",
  certificate_untrusted: "policy",
  certificate_wrong_usage: "policy",
  certificate_weak: "policy",
  certificate_invalid: "policy",
  crl_expired: "local",
  crl_not_yet_valid: "local",
  crl_missing: "policy",
  crl_invalid: "local",
  identity_missing: "policy",
  identity_ambiguous: "policy",
  identity_malformed: "policy",
  identity_mismatch: "policy",
  server_name_mismatch: "policy",
  wrong_alpn: "policy",
  wrong_version: "remote",
  no_shared_cipher: "remote",
  not_tls: "remote",
  http_request: "remote",
  handshake_timeout: "remote",
  closed_by_peer: "remote",
  handshake_failed: "remote",
  alert_certificate_missing: "policy",
  alert_certificate_expired: "policy",
  alert_certificate_revoked: "policy",
  alert_certificate_untrusted: "policy",
  alert_certificate_wrong_usage: "policy",
  alert_certificate_invalid: "policy",
  alert_wrong_alpn: "policy",
  alert_wrong_version: "remote",
  alert_handshake_failure: "remote",
  alert_other: "remote",
};

/** Reasons that dialer, link and connector give besides. */
const others: Readonly<Record<string, CallOutcome>> = {
  connection_refused: "remote",
  unreachable: "remote",
  no_route: "local",
  local_limit: "local",
  unresolved: "local",
  not_pinned: "local",
  network_changed: "cancelled",
  peer_closed: "remote",
  socket_error: "remote",
  stalled: "remote",
  silent: "remote",
  write_stalled: "remote",
  hello_timeout: "remote",
  frame_timeout: "remote",
};

describe("the outcome of a call", () => {
  it.each(Object.keys(closeCodes))("that the server closes: %s", (reason) => {
    expect(callOutcome(`peer_${reason}`)).toBe(closes[reason as CloseReason]);
  });

  it.each(Object.entries(ownCloses))("that this end closes: %s", (reason, outcome) => {
    expect(callOutcome(reason)).toBe(outcome);
  });

  it.each(Object.keys(refusalReasons))("whose handshake comes to nothing: %s", (reason) => {
    expect(callOutcome(reason)).toBe(refusals[reason as RefusalReason]);
  });

  it.each(Object.entries(others))("by any other name: %s", (reason, outcome) => {
    expect(callOutcome(reason)).toBe(outcome);
  });

  it("that nobody knows counts against the server", () => {
    expect(callOutcome("something_new")).toBe("remote");
  });
});

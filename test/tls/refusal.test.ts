import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusalReason, refusalReasons } from "../../src/daemon/tls/refusal.ts";

describe("refusalReason", () => {
  it("prefers what the verification says over the reset that follows it", () => {
    expect(refusalReason({ code: "ECONNRESET" })).toBe("closed_by_peer");
    expect(refusalReason({ code: "ECONNRESET" }, "CERT_REVOKED")).toBe("certificate_revoked");
    expect(refusalReason({ code: "ECONNRESET" }, null)).toBe("closed_by_peer");
  });

  it("tells the alerts of a peer, which are about us, from our own findings", () => {
    expect(refusalReason({ code: "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED" })).toBe("alert_certificate_expired");
    expect(refusalReason({ code: "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED" })).toBe("alert_certificate_revoked");
    expect(refusalReason({ code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" })).toBe("alert_certificate_untrusted");
    expect(refusalReason({ code: "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR" })).toBe("alert_other");
    expect(refusalReason({ code: "CERT_HAS_EXPIRED" })).toBe("certificate_expired");
  });

  it("has a label for anything and a text for each label", () => {
    for (const text of Object.values(refusalReasons)) expect(text).not.toBe("");
    for (const label of Object.keys(refusalReasons)) expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/);
    const code = fc.oneof(fc.string(), fc.constantFrom("constructor", "__proto__", "ERR_SSL_ALERT_toString"));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ code })), fc.oneof(fc.anything(), code), (error, other) => {
        expect(refusalReasons).toHaveProperty(refusalReason(error, other));
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { ExpiryWatch, expiryWarning } from "../../src/daemon/tls/expiry.ts";
import type { OwnCertificate } from "../../src/daemon/tls/own-certificates.ts";

const dayMs = 24 * 3600 * 1000;
const end = 1_800_000_000_000;

function one(kind: OwnCertificate["kind"], lifetimeDays: number, fingerprint = "f"): OwnCertificate {
  return {
    kind,
    subject: "CN=x",
    identity: null,
    serial: null,
    notBeforeMs: end - lifetimeDays * dayMs,
    notAfterMs: end,
    file: "/etc/x",
    fingerprint,
  };
}

describe("an expiry warning", () => {
  it.each([
    [31, undefined, undefined],
    [30, 30, "warning"],
    [15, 30, "warning"],
    [14, 14, "warning"],
    [4, 14, "warning"],
    [3, 3, "critical"],
    [0.1, 3, "critical"],
    [0, 0, "critical"],
    [-5, 0, "critical"],
  ])("%d days before the end: that of %j days, %s", (days, nearness, severity) => {
    const warning = expiryWarning(one("certificate", 365), end - days * dayMs);
    expect(warning?.nearness).toBe(nearness);
    expect(warning?.severity).toBe(severity);
  });

  it("names the kind, the file and the time", () => {
    expect(expiryWarning(one("crl", 365), end - 2.5 * dayMs)?.message).toBe(
      `revocation list /etc/x expires in 3 days (${new Date(end).toISOString()})`,
    );
    expect(expiryWarning(one("ca", 365), end)?.message).toContain("CA /etc/x has expired");
  });

  it("comes in the second half of a lifetime only: a weekly list is not warned of all the time", () => {
    expect(expiryWarning(one("crl", 7), end - 6 * dayMs)).toBeUndefined();
    expect(expiryWarning(one("crl", 7), end - 3 * dayMs)?.nearness).toBe(3);
    expect(expiryWarning(one("crl", 1), end - 1)).toBeUndefined();
    expect(expiryWarning(one("crl", 1), end)?.nearness).toBe(0);
  });

  it("is told once at each of its times, and anew for another file", () => {
    const watch = new ExpiryWatch();
    const told = [40, 30, 29, 14, 13, 3, 1, 0, -1].map((days) =>
      watch.due([one("certificate", 365), one("ca", 3650, "c")], end - days * dayMs).map(({ nearness }) => nearness),
    );
    expect(told).toEqual([[], [30, 30], [], [14, 14], [], [3, 3], [], [0, 0], []]);
    expect(watch.due([one("certificate", 365, "new")], end - dayMs)).toHaveLength(1);
    expect(watch.due([one("certificate", 365, "new")], end - dayMs)).toHaveLength(0);
  });
});

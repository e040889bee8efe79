import { describe, expect, it } from "vitest";
import { Certificates } from "../../src/daemon/certificates.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { loadTls, type TlsSet } from "../../src/daemon/tls/material.ts";
import { authoritiesOf } from "../../src/daemon/tls/trust.ts";
import { fingerprintOf } from "../../src/daemon/tls/own-certificates.ts";
import { FakeClock } from "../fakes/clock.ts";
import { dayMs, TestCa } from "../tls/certificates.ts";

const wall = Date.now();

async function setUp(days = 400): Promise<{
  ca: TestCa;
  clock: FakeClock;
  events: EventLog;
  certificates: Certificates;
  set: (crl?: string) => TlsSet;
  issuer: string;
}> {
  const ca = await TestCa.create();
  const server = await ca.issue("edge-01", "server", wall, days);
  const set = (crl?: string): TlsSet =>
    loadTls({ cert: server.cert, key: server.key, ca: ca.pem, crl, min_version: "1.3" }, "server", wall);
  const clock = new FakeClock({ wall });
  const events = new EventLog(clock, { server: "edge-01", boot_id: "b" });
  const issuer = authoritiesOf({ ca: ca.pem }).map(fingerprintOf)[0] ?? "";
  return { ca, clock, events, certificates: new Certificates(set(), { clock, events }), set, issuer };
}

describe("certificates of peers", () => {
  it("are judged when a link comes, at a new set, and as time goes on", async () => {
    const { ca, clock, certificates, set, issuer } = await setUp();
    const peer = (serial: string, days = 100) => ({ serial, issuer, notAfterMs: wall + days * dayMs });
    expect(certificates.meet(1, "ann", peer("a1"))).toBeUndefined();
    expect(certificates.meet(2, "ann", peer("a1"))).toBeUndefined();
    expect(certificates.meet(3, "bob", peer("b1"))).toBeUndefined();
    expect(certificates.meet(4, "cat", peer("c1", 50))).toBeUndefined();
    expect(certificates.meet(5, "eve", { ...peer("e1"), issuer: "" })).toBe("certificate_untrusted");
    expect(certificates.peers().rows.map(({ identity, links }) => [identity, links])).toEqual([
      ["cat", 1],
      ["ann", 2],
      ["bob", 1],
    ]);
    expect(certificates.distrusted()).toEqual([]);
    certificates.replace(set(await ca.crl(["a1"])));
    expect(certificates.distrusted()).toEqual([
      { link: 1, identity: "ann", reason: "certificate_revoked" },
      { link: 2, identity: "ann", reason: "certificate_revoked" },
    ]);
    expect(certificates.distrusted()).toEqual([]);
    expect(certificates.meet(6, "ann", peer("a1"))).toBe("certificate_revoked");
    certificates.forget(3);
    clock.advance(51 * dayMs);
    expect(certificates.distrusted()).toEqual([{ link: 4, identity: "cat", reason: "certificate_expired" }]);
    expect(certificates.peers()).toEqual({ total: 0, rows: [] });
  });

  it("are shown in a bounded number, those first that end first", async () => {
    const { certificates, issuer } = await setUp();
    for (let at = 0; at < 1000; at += 1) {
      certificates.meet(at, `client-${at}`, {
        serial: at.toString(16),
        issuer,
        notAfterMs: wall + (1001 - at) * dayMs,
      });
    }
    const { total, rows } = certificates.peers();
    expect([total, rows.length, rows[0]?.identity]).toEqual([1000, 100, "client-999"]);
  });
});

it("our own are told of 30, 14 and 3 days before their end, once each, and stay an alert", async () => {
  const { clock, events, certificates } = await setUp(100);
  const told: string[] = [];
  events.onEvent(
    ({ code, severity }) => void told.push(`${Math.round((clock.wall() - wall) / dayMs)}: ${severity} ${code}`),
  );
  for (let day = 0; day <= 102; day += 1) {
    certificates.tick();
    clock.advance(dayMs);
  }
  expect(told).toEqual([
    "70: warning certificate_expires",
    "86: warning certificate_expires",
    "97: critical certificate_expires_soon",
    "100: critical certificate_expires_soon",
  ]);
  expect(certificates.alerts()).toMatchObject([{ code: "certificate_expires", severity: "critical" }]);
  expect(certificates.expiresSeconds("certificate")).toBeLessThan(0);
  expect(certificates.expiresSeconds("crl")).toBeNull();
});

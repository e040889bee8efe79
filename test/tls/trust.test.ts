import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { loadTls } from "../../src/daemon/tls/material.ts";
import { authoritiesOf, peerCertificate, type Trust } from "../../src/daemon/tls/trust.ts";
import { dayMs, type Pair, TestCa } from "./certificates.ts";

const now = Date.now();
let ca: TestCa;
let other: TestCa;
let server: Pair;
let ann: Pair;
let bob: Pair;

beforeAll(async () => {
  [ca, other] = await Promise.all([TestCa.create(), TestCa.create()]);
  [server, ann, bob] = await Promise.all([
    ca.issue("edge-01", "server"),
    ca.issue("ann", "client"),
    other.issue("bob", "client", now, 10),
  ]);
});

function trust(cas: string, crl?: string): Trust {
  return loadTls({ cert: server.cert, key: server.key, ca: cas, crl, min_version: "1.3" }, "server", now).trust;
}

function peer(pair: Pair, cas: string): ReturnType<typeof peerCertificate> {
  return peerCertificate(new X509Certificate(pair.cert), authoritiesOf({ ca: cas }));
}

describe("a certificate of a live link", () => {
  it("is plain data", () => {
    const certificate = peer(ann, ca.pem);
    expect(structuredClone(certificate)).toEqual(certificate);
    expect(certificate.serial.toLowerCase().replace(/^0+/, "")).toBe(ann.serial.toLowerCase().replace(/^0+/, ""));
  });

  it("stays good while its CA is trusted and no list names it", async () => {
    expect(trust(ca.pem).judge(peer(ann, ca.pem), now)).toBeUndefined();
    expect(
      trust(ca.pem, await ca.crl([server.serial.replace(/.$/, (digit) => (digit === "7" ? "8" : "7"))])).judge(
        peer(ann, ca.pem),
        now,
      ),
    ).toBeUndefined();
    expect(trust(`${ca.pem}${other.pem}`).judge(peer(bob, `${ca.pem}${other.pem}`), now)).toBeUndefined();
  });

  it("is revoked by a list of its own CA only", async () => {
    expect(trust(ca.pem, await ca.crl([ann.serial])).judge(peer(ann, ca.pem), now)).toBe("certificate_revoked");
    const both = `${ca.pem}${other.pem}`;
    const lists = `${await ca.crl([])}${await other.crl([ann.serial])}`;
    expect(trust(both, lists).judge(peer(ann, both), now)).toBeUndefined();
    expect(trust(both, lists).judge({ ...peer(bob, both), serial: ann.serial }, now)).toBe("certificate_revoked");
  });

  it("is no longer good when its CA is taken out, and never when none of ours signed it", () => {
    const both = `${ca.pem}${other.pem}`;
    expect(trust(ca.pem).judge(peer(bob, both), now)).toBe("certificate_untrusted");
    expect(trust(ca.pem).judge(peer(bob, ca.pem), now)).toBe("certificate_untrusted");
    expect(peer(bob, ca.pem).issuer).toBe("");
  });

  it("expires", () => {
    const both = `${ca.pem}${other.pem}`;
    expect(trust(both).judge(peer(bob, both), now + 9 * dayMs)).toBeUndefined();
    expect(trust(both).judge(peer(bob, both), now + 11 * dayMs)).toBe("certificate_expired");
  });
});

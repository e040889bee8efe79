import { X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { crlSizeLimit, isRevoked, isSignedBy, parseCrl, parseCrls } from "../../src/daemon/tls/crl.ts";
import { pemBlocks } from "../../src/daemon/tls/pem.ts";
import { SssonectorError } from "../../src/shared/errors.ts";
import { dayMs, TestCa } from "./certificates.ts";

const wall = Date.UTC(2026, 5, 1, 12, 0, 0);
const serials = ["4100000000000000000000000000abcd", "7fffffffffffffffffffffffffffffff"];
let ca: TestCa;
let other: TestCa;
let pem: string;
let der: Buffer;

beforeAll(async () => {
  [ca, other] = await Promise.all([TestCa.create(wall - dayMs), TestCa.create(wall - dayMs)]);
  pem = await ca.crl(serials, wall);
  der = pemBlocks(pem, "X509 CRL")[0]?.der ?? Buffer.alloc(0);
});

/** The code of what it throws; anything but our own error fails the test. */
function codeOf(bytes: Buffer): string {
  try {
    parseCrl(bytes);
    return "parsed";
  } catch (error) {
    if (error instanceof SssonectorError) return error.code;
    throw error;
  }
}

describe("parseCrl", () => {
  it("reads dates and serials", () => {
    const crl = parseCrl(der);
    expect(crl.thisUpdateMs).toBe(wall - 5 * 60_000);
    expect(crl.nextUpdateMs).toBe(wall + 365 * dayMs);
    expect([...crl.revoked].toSorted()).toEqual(serials);
  });

  it("finds a serial in either case and with leading zeros", () => {
    const crl = parseCrl(der);
    expect(isRevoked(crl, serials[0]?.toUpperCase() ?? "")).toBe(true);
    expect(isRevoked(crl, `00${serials[1]}`)).toBe(true);
    expect(isRevoked(crl, "4100000000000000000000000000abce")).toBe(false);
    expect(isRevoked({ revoked: new Set(["0"]) }, "00")).toBe(true);
  });

  it("reads a list that revokes nothing", async () => {
    const [crl] = parseCrls(await ca.crl([], wall));
    expect(crl?.revoked.size).toBe(0);
  });

  it("writes years from 2050 on in four digits and reads them", async () => {
    const [crl] = parseCrls(await ca.crl([], Date.UTC(2055, 0, 1)));
    expect(crl?.nextUpdateMs).toBe(Date.UTC(2056, 0, 1));
  });

  it("knows the CA's signature from another's", () => {
    const crl = parseCrl(der);
    expect(isSignedBy(crl, new X509Certificate(ca.pem).publicKey)).toBe(true);
    expect(isSignedBy(crl, new X509Certificate(other.pem).publicKey)).toBe(false);
    const forged = { ...crl, signed: Buffer.from(crl.signed) };
    forged.signed[forged.signed.length - 1] = 1 ^ (forged.signed.at(-1) ?? 0);
    expect(isSignedBy(forged, new X509Certificate(ca.pem).publicKey)).toBe(false);
  });

  it("reads several lists of one file and refuses none", async () => {
    expect(parseCrls(`${pem}${await other.crl([], wall)}`)).toHaveLength(2);
    expect(() => parseCrls("hello")).toThrow(SssonectorError);
    expect(() => parseCrls("x".repeat(crlSizeLimit + 1))).toThrow(/more than/);
  });

  it("refuses a list that is cut at any byte or has bytes behind it", () => {
    for (let length = 0; length < der.length; length++) {
      expect(codeOf(der.subarray(0, length))).toBe("tls_crl_malformed");
    }
    expect(codeOf(Buffer.concat([der, Buffer.of(0)]))).toBe("tls_crl_malformed");
  });

  it("throws nothing but its own error, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(Buffer.from(bytes))).toBe("tls_crl_malformed");
      }),
    );
  });

  it("never takes a changed list for a signed one", () => {
    const key = new X509Certificate(ca.pem).publicKey;
    const change = fc.tuple(fc.nat({ max: der.length - 1 }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(der);
        for (const [at, mask] of changes) bytes[at] = (bytes[at] ?? 0) ^ mask;
        if (codeOf(bytes) === "parsed") expect(isSignedBy(parseCrl(bytes), key)).toBe(bytes.equals(der));
      }),
      { numRuns: 500 },
    );
  });
});

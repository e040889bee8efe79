import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClusterKey, type TokenClaims, TokenSealer } from "../../src/daemon/session/token.ts";

const first: ClusterKey = { id: "first", secret: Buffer.alloc(32, 1) };
const second: ClusterKey = { id: "second", secret: Buffer.alloc(32, 2) };
const claims: TokenClaims = {
  identity: "ann",
  session: "00112233445566778899aabbccddeeff",
  addresses: ["10.8.0.2", "fd00::2"],
  home: "edge-01",
  region: "eu",
  epoch: "18446744073709551615",
  expires: 1_800_000_000_000,
};

const anyClaims: fc.Arbitrary<TokenClaims> = fc.record({
  identity: fc.string(),
  session: fc.string(),
  addresses: fc.array(fc.string()),
  home: fc.string(),
  region: fc.string({ unit: "grapheme" }),
  epoch: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  expires: fc.integer({ min: 0 }),
});

describe("TokenSealer", () => {
  it("opens what it sealed", () => {
    const sealer = new TokenSealer([first]);
    fc.assert(
      fc.property(anyClaims, (any) => {
        expect(sealer.open(sealer.seal(any))).toEqual(any);
      }),
    );
  });

  it("opens nothing of which one bit changed", () => {
    const sealer = new TokenSealer([first, second]);
    const bytes = Buffer.from(sealer.seal(claims), "base64");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >>> 3) ^ (1 << (bit & 7)), bit >>> 3);
      expect(sealer.open(changed.toString("base64")), `bit ${bit}`).toBeUndefined();
    }
  });

  it("opens nothing that was cut or made longer, and nothing arbitrary", () => {
    const sealer = new TokenSealer([first]);
    const bytes = Buffer.from(sealer.seal(claims), "base64");
    for (let end = 0; end < bytes.length; end++) expect(sealer.open(bytes.toString("base64", 0, end))).toBeUndefined();
    expect(sealer.open(Buffer.concat([bytes, Buffer.of(0)]).toString("base64"))).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sealer.open(text)).toBeUndefined();
      }),
    );
    const framed = fc
      .uint8Array({ maxLength: 80 })
      .map((tail) => Buffer.concat([Buffer.from("\x01\x05first", "latin1"), tail]));
    fc.assert(
      fc.property(framed, (raw) => {
        expect(sealer.open(raw.toString("base64"))).toBeUndefined();
      }),
    );
  });

  it("does not show what it holds", () => {
    const token = Buffer.from(new TokenSealer([first]).seal(claims), "base64").toString("latin1");
    for (const secret of ["ann", "10.8.0.2", claims.session]) expect(token).not.toContain(secret);
  });

  it("never seals alike twice", () => {
    const sealer = new TokenSealer([first]);
    expect(sealer.seal(claims)).not.toBe(sealer.seal(claims));
  });

  it("refuses the tokens of another cluster, also under the same key id", () => {
    const token = new TokenSealer([{ id: "first", secret: Buffer.alloc(32, 9) }]).seal(claims);
    expect(new TokenSealer([first]).open(token)).toBeUndefined();
    expect(new TokenSealer([second]).open(new TokenSealer([first]).seal(claims))).toBeUndefined();
  });

  it("turns keys: the first seals, every one opens", () => {
    const old = new TokenSealer([first]);
    const turned = new TokenSealer([second, first]);
    const done = new TokenSealer([second]);
    expect(turned.open(old.seal(claims))).toEqual(claims);
    expect(done.open(turned.seal(claims))).toEqual(claims);
    expect(done.open(old.seal(claims))).toBeUndefined();
    expect(turned.clusterId).toBe(done.clusterId);
    expect(turned.clusterId).not.toBe(old.clusterId);
    expect(old.clusterId).toMatch(/^[0-9a-f]{16}$/);
  });
});

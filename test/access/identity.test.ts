import { X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { identityOf } from "../../src/daemon/access/identity.ts";
import { identityOfAltNames, isIdentityName } from "../../src/shared/identity.ts";
import { TestCa, uriSan } from "../tls/certificates.ts";

let ca: TestCa;
beforeAll(async () => {
  ca = await TestCa.create();
});

/** "=NAME" or the reason of the refusal, for a real certificate with this SAN extension. */
async function read(san?: Uint8Array<ArrayBuffer> | readonly string[]): Promise<string> {
  const pair = await ca.issueOdd(san === undefined ? {} : { san });
  const identity = identityOf(new X509Certificate(pair.cert));
  return identity.kind === "identity" ? `=${identity.name}` : identity.reason;
}

function readText(text: string | undefined): string {
  const identity = identityOfAltNames(text);
  return identity.kind === "identity" ? `=${identity.name}` : identity.reason;
}

describe("identityOf", () => {
  it("reads a certificate of our own", async () => {
    const { cert } = await ca.issue("laptop-ann", "client");
    expect(identityOf(new X509Certificate(cert))).toEqual({ kind: "identity", name: "laptop-ann" });
  });

  it("never looks at the common name, which the odd certificates have as sssonector:root", async () => {
    expect(await read()).toBe("identity_missing");
    expect(await read([])).toBe("identity_missing");
  });

  it("refuses two URIs, also when one is of another scheme or the same again", async () => {
    expect(await read(["sssonector:a", "sssonector:b"])).toBe("identity_ambiguous");
    expect(await read(["sssonector:a", "https://a"])).toBe("identity_ambiguous");
    expect(await read(["sssonector:a", "sssonector:a"])).toBe("identity_ambiguous");
  });

  it("refuses names with NUL, line ends, spaces, colons, slashes, Latin-1, none and too long ones", async () => {
    const bad = ["a\0", "\0a", "a\0.evil", "a\n", "a b", "a:b", "a/b", "\xe9", "", "x".repeat(65)];
    for (const name of bad) expect(await read(uriSan(`sssonector:${name}`))).toBe("identity_malformed");
    expect(await read(uriSan("SSSONECTOR:a"))).toBe("identity_malformed");
    expect(await read(uriSan(" sssonector:a"))).toBe("identity_malformed");
  });

  it("is not led astray by separators and quotes inside a name", async () => {
    const name = `a,DNS:b"'\\\\u0041`.replace(":", "=");
    expect(await read(uriSan(`sssonector:${name}`))).toBe(`=${name}`);
    expect(await read(uriSan("x, URI:sssonector:root"))).toBe("identity_malformed");
    expect(await read(uriSan('x", URI:"sssonector:root'))).toBe("identity_malformed");
  });

  it("reads every name that pki issues, exactly", async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)),
      minLength: 1,
      maxLength: 64,
    });
    await fc.assert(
      fc.asyncProperty(printable.filter(isIdentityName), async (name) => {
        expect(await read(uriSan(`sssonector:${name}`))).toBe(`=${name}`);
      }),
      { numRuns: 40 },
    );
  });

  it("gives no name for arbitrary bytes unless they are that name", async () => {
    const bytes = fc.uint8Array({ maxLength: 80 }).map((raw) => Buffer.from(raw).toString("latin1"));
    await fc.assert(
      fc.asyncProperty(bytes, async (tail) => {
        expect(await read(uriSan(`sssonector:${tail}`))).toBe(isIdentityName(tail) ? `=${tail}` : "identity_malformed");
      }),
      { numRuns: 40 },
    );
  });
});

describe("identityOfAltNames", () => {
  it("skips other kinds of names, quoted or not", () => {
    expect(readText('DNS:a.example, URI:sssonector:a, DirName:"CN=x\\u002c URI:sssonector:evil"')).toBe("=a");
    expect(readText("othername:<unsupported>, IP Address:10.0.0.1, URI:sssonector:a")).toBe("=a");
    expect(readText("DNS:sssonector:a")).toBe("identity_missing");
    expect(readText(undefined)).toBe("identity_missing");
  });

  it("refuses text that Node would not write", () => {
    for (const text of ["URI", 'URI:"sssonector:a', 'URI:"\\q"', "URI:a,b", "nonsense"]) {
      expect(readText(text)).toBe("identity_malformed");
    }
  });

  it("ends on any text", () => {
    const piece = fc.constantFrom("URI:", "sssonector:", '"', "\\", ", ", ",", "a", "DNS:", "\0", ":");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const result = readText(pieces.join(""));
        expect(result).toMatch(/^(=[!-~]+|identity_(missing|ambiguous|malformed))$/);
      }),
    );
  });
});

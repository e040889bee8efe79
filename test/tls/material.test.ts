import { createHash } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assertPrivate, loadTls, type TlsFiles } from "../../src/daemon/tls/material.ts";
import { pemBlocks } from "../../src/daemon/tls/pem.ts";
import { SssonectorError } from "../../src/shared/errors.ts";
import { dayMs, type Pair, TestCa, uriSan } from "./certificates.ts";

const now = Date.now();
let ca: TestCa;
let other: TestCa;
let server: Pair;
let client: Pair;
let directory: string;

beforeAll(async () => {
  [ca, other] = await Promise.all([TestCa.create(now - 40 * dayMs), TestCa.create()]);
  [server, client] = await Promise.all([ca.issue("edge-01", "server"), ca.issue("ann", "client")]);
  directory = await mkdtemp(join(tmpdir(), "sssonector-material-"));
});
afterAll(() => rm(directory, { recursive: true }));

function files(pair: Pair, more: Partial<TlsFiles> = {}): TlsFiles {
  return { cert: pair.cert, key: pair.key, ca: ca.pem, min_version: "1.3", ...more };
}

function codeOf(tls: TlsFiles, role: "server" | "client" = "server", wallMs = now): string {
  try {
    loadTls(tls, role, wallMs);
  } catch (error) {
    if (error instanceof SssonectorError) return error.code;
    throw error;
  }
  return "loaded";
}

async function file(name: string, text: string, mode: number): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe("loadTls", () => {
  it("gives strings that a worker thread can be sent", async () => {
    const crl = await ca.crl();
    const { material, own } = loadTls(files(server, { crl }), "server", now);
    expect(structuredClone(material)).toEqual(material);
    expect(material).toMatchObject({ identity: "edge-01", minVersion: "1.3", crl });
    expect(own.map(({ kind, identity }) => [kind, identity])).toEqual([
      ["certificate", "edge-01"],
      ["ca", null],
      ["crl", null],
    ]);
    expect(own[0]?.notAfterMs).toBeGreaterThan(now + 29 * dayMs);
    expect(own[0]?.notAfterMs).toBeLessThan(now + 31 * dayMs);
    expect(own[0]?.fingerprint).toBe(
      createHash("sha256")
        .update(pemBlocks(server.cert, "CERTIFICATE")[0]?.der ?? "")
        .digest("hex"),
    );
    expect(own[2]?.fingerprint).toBe(
      createHash("sha256")
        .update(pemBlocks(crl, "X509 CRL")[0]?.der ?? "")
        .digest("hex"),
    );
  });

  it("takes paths as well", async () => {
    const paths = {
      cert: await file("s.crt", server.cert, 0o644),
      key: await file("s.key", server.key, 0o600),
      ca: await file("ca.crt", ca.pem, 0o644),
      crl: await file("ca.crl", await ca.crl(), 0o644),
    };
    expect(loadTls({ ...paths, min_version: "1.2" }, "server", now).material).toEqual({
      ...loadTls(files(server, { crl: await ca.crl() }), "server", now).material,
      crl: expect.stringContaining("X509 CRL") as string,
      minVersion: "1.2",
    });
  });

  it("tells the end of the CRL", async () => {
    const crl = await ca.crl([], now - 355 * dayMs);
    const { own } = loadTls(files(server, { crl }), "server", now);
    expect(own.find(({ kind }) => kind === "crl")?.notAfterMs).toBeLessThan(now + 11 * dayMs);
  });

  it("refuses a file that is not there", () => {
    expect(codeOf(files(server, { cert: join(directory, "absent") }))).toBe("tls_file");
  });

  it("refuses a key that group or others can read", async () => {
    for (const mode of [0o640, 0o604, 0o620]) {
      const key = await file("open.key", server.key, mode);
      expect(codeOf(files(server, { key }))).toBe("tls_key_exposed");
      expect(() => assertPrivate(key)).toThrow(/open\.key has mode 06[024][04]/);
    }
    assertPrivate(await file("closed.key", server.key, 0o400));
  });

  it("refuses what is no PEM", async () => {
    expect(codeOf(files(server, { cert: await file("x", "hello", 0o600) }))).toBe("tls_not_pem");
    expect(codeOf(files(server, { ca: server.key }))).toBe("tls_not_pem");
    expect(codeOf(files(server, { key: server.cert }))).toBe("tls_not_pem");
    const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    expect(codeOf(files(server, { cert: damaged }))).toBe("tls_not_pem");
  });

  it("refuses another certificate's key", () => {
    expect(codeOf(files(server, { key: client.key }))).toBe("tls_key_mismatch");
  });

  it("refuses a certificate out of its dates and names the clock", () => {
    expect(codeOf(files(server), "server", now + 40 * dayMs)).toBe("tls_expired");
    expect(codeOf(files(server), "server", now - 10 * dayMs)).toBe("tls_not_yet_valid");
    expect(() => loadTls(files(server), "server", now - 10 * dayMs)).toThrow(/the clock says/);
  });

  it("refuses a CA out of its dates, unless it is one that we don't need", async () => {
    const old = await TestCa.create(now - 4000 * dayMs);
    expect(codeOf(files(server, { ca: `${old.pem}\n${ca.pem}` }))).toBe("loaded");
    const odd = await old.issueOdd({ usage: "server", san: ["sssonector:a"] });
    expect(codeOf(files(odd, { ca: old.pem }))).toBe("tls_expired");
    expect(() => loadTls(files(odd, { ca: old.pem }), "server", now)).toThrow(/security\.tls\.ca expired on/);
  });

  it("refuses a certificate for the other end", async () => {
    expect(codeOf(files(server), "client")).toBe("tls_wrong_usage");
    expect(codeOf(files(client), "server")).toBe("tls_wrong_usage");
    expect(codeOf(files(await ca.issueOdd({ san: ["sssonector:a"] })))).toBe("tls_wrong_usage");
  });

  it("refuses a certificate of another CA, also one of the same name", () => {
    expect(codeOf(files(server, { ca: other.pem }))).toBe("tls_wrong_ca");
    expect(codeOf(files(server, { ca: server.cert }))).toBe("tls_wrong_ca");
    expect(codeOf(files(server, { ca: `${other.pem}\n${ca.pem}` }))).toBe("loaded");
  });

  it("refuses a certificate without exactly one good identity", async () => {
    const sans = [undefined, [], ["sssonector:a", "sssonector:b"], ["https://a"], uriSan("sssonector:a\0b")];
    for (const san of sans) {
      const odd = await ca.issueOdd({ usage: "server", ...(san === undefined ? {} : { san }) });
      expect(codeOf(files(odd))).toBe("tls_identity");
    }
  });

  it("refuses a weak key", async () => {
    const weak = await ca.issueOdd({ usage: "server", san: ["sssonector:a"], rsaBits: 1024 });
    expect(codeOf(files(weak))).toBe("tls_weak_key");
    const strong = await ca.issueOdd({ usage: "server", san: ["sssonector:a"], rsaBits: 2048 });
    expect(codeOf(files(strong))).toBe("loaded");
  });

  it("refuses a revocation list that is bad, old, early or another CA's", async () => {
    expect(codeOf(files(server, { crl: ca.pem }))).toBe("tls_crl_malformed");
    expect(codeOf(files(server, { crl: await ca.crl([], now - 366 * dayMs) }))).toBe("tls_crl_expired");
    expect(codeOf(files(server, { crl: await other.crl() }))).toBe("tls_crl_signature");
    expect(codeOf(files(server, { crl: await ca.crl([], now + dayMs) }))).toBe("tls_crl_not_yet_valid");
  });

  it("refuses its own certificate when it is revoked", async () => {
    expect(codeOf(files(server, { crl: await ca.crl([client.serial]) }))).toBe("loaded");
    expect(codeOf(files(server, { crl: await ca.crl([client.serial, server.serial]) }))).toBe("tls_revoked");
  });
});

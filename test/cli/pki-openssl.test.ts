import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/cli/pki/main.ts";
import { systemClock } from "../../src/shared/clock.ts";

const execute = promisify(execFile);
const installed = hasOpenssl();
if (!installed) console.warn("openssl is not installed: what pki writes is not held against it here");

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch {
    return false;
  }
}

let dir: string;

async function pki(...args: readonly string[]): Promise<void> {
  const silent = { out: () => undefined, err: () => undefined, clock: systemClock };
  expect(await run([...args, "--dir", dir], silent)).toBe(0);
}

/** Standard output and error of an openssl command, or why it failed. */
async function openssl(...args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await execute("openssl", [...args], { cwd: dir });
    return stdout + stderr;
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function crlNumber(): Promise<number> {
  const text = await openssl("crl", "-in", "ca.crl", "-text", "-noout", "-CAfile", "ca.crt");
  expect(text).toMatch(/verify OK/);
  expect(text).toMatch(/Privilege Withdrawn/);
  return Number(/X509v3 CRL Number:\s*(\d+)/.exec(text)?.[1]);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sssonector-openssl-"));
  await pki("init");
  await pki("issue", "--role", "server", "--name", "edge-01", "--san", "dns:vpn.example.net");
  await pki("issue", "--role", "client", "--name", "ann");
  await pki("issue", "--role", "client", "--name", "gone");
  await pki("revoke", "--name", "gone");
});
afterAll(() => rm(dir, { recursive: true }));

describe.runIf(installed)("OpenSSL", () => {
  const verify = ["verify", "-x509_strict", "-CAfile", "ca.crt"];

  it("verifies each certificate for its own end only", async () => {
    expect(await openssl(...verify, "-purpose", "sslserver", "edge-01.crt")).toBe("edge-01.crt: OK\n");
    expect(await openssl(...verify, "-purpose", "sslclient", "ann.crt")).toBe("ann.crt: OK\n");
    expect(await openssl(...verify, "-purpose", "sslclient", "edge-01.crt")).toMatch(/purpose/);
    expect(await openssl(...verify, "-purpose", "sslserver", "ann.crt")).toMatch(/purpose/);
    expect(await openssl(...verify, "-verify_hostname", "vpn.example.net", "edge-01.crt")).toBe("edge-01.crt: OK\n");
  });

  it("honours the CRL", async () => {
    const check = [...verify, "-CRLfile", "ca.crl", "-crl_check"];
    expect(await openssl(...check, "ann.crt")).toBe("ann.crt: OK\n");
    expect(await openssl(...check, "gone.crt")).toMatch(/certificate revoked/);
  });

  it("reads the CRL and its number, which grows", async () => {
    const before = await crlNumber();
    for (let round = 0; round < 3; round++) await pki("crl");
    expect(await crlNumber()).toBe(before + 3);
  });

  it("sees a CA that signs certificates and lists, and no further CA", async () => {
    const text = await openssl("x509", "-in", "ca.crt", "-text", "-noout");
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(text).toMatch(/Subject Key Identifier/);
    expect(await openssl("x509", "-in", "ann.crt", "-text", "-noout")).toMatch(/Authority Key Identifier/);
  });

  it("reads the private keys", async () => {
    expect(await openssl("pkey", "-in", "ann.key", "-noout", "-check")).toMatch(/Key is valid/);
  });
});

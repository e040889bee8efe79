import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Io } from "../../src/cli/io.ts";
import { run } from "../../src/cli/pki/main.ts";
import { loadTls, type TlsFiles } from "../../src/daemon/tls/material.ts";
import { parseCrls } from "../../src/daemon/tls/crl.ts";
import { systemClock } from "../../src/shared/clock.ts";

const dayMs = 86_400_000;
let root: string;
let dir: string;
let wallMs: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sssonector-pki-"));
  dir = join(root, "ca");
  wallMs = Date.now();
});
afterEach(() => rm(root, { recursive: true }));

interface Result {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function pki(...args: readonly string[]): Promise<Result> {
  const texts = { out: "", err: "" };
  const io: Io = {
    out: (text) => void (texts.out += text),
    err: (text) => void (texts.err += text),
    clock: { ...systemClock, wall: () => wallMs },
  };
  const exit = await run(args, io);
  return { exit, ...texts };
}

async function ok(...args: readonly string[]): Promise<Result> {
  const result = await pki(...args);
  expect(result).toMatchObject({ exit: 0 });
  return result;
}

/** A directory with a CA, the server edge-01 and the client ann. */
async function filled(): Promise<void> {
  await ok("init", "--dir", dir);
  await ok(
    "issue",
    "--dir",
    dir,
    "--role",
    "server",
    "--name",
    "edge-01",
    "--san",
    "dns:vpn.example.net",
    "ip:fd00::1",
  );
  await ok("issue", "--dir", dir, "--role", "client", "--name", "ann");
}

/** `security.tls` of the name. */
function files(name: string): TlsFiles {
  const [cert, key, ca, crl] = [`${name}.crt`, `${name}.key`, "ca.crt", "ca.crl"].map((file) => join(dir, file));
  return { cert: cert ?? "", key: key ?? "", ca: ca ?? "", crl, min_version: "1.3" };
}

function text(name: string): Promise<string> {
  return readFile(join(dir, name), "utf8");
}

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

async function crlSerials(): Promise<string[]> {
  return parseCrls(await text("ca.crl")).flatMap(({ revoked }) => [...revoked]);
}

async function serial(name: string): Promise<string> {
  return new X509Certificate(await text(`${name}.crt`)).serialNumber.toLowerCase();
}

describe("pki init and issue", () => {
  it("writes the CA, its CRL and the cluster secret, keys for the owner only", async () => {
    const umask = process.umask(0);
    await filled().finally(() => process.umask(umask));
    expect(await mode(dir)).toBe("700");
    const modes = await Promise.all((await readdir(dir)).map(async (name) => [name, await mode(join(dir, name))]));
    expect(Object.fromEntries(modes)).toEqual({
      "ann.crt": "644",
      "ann.key": "600",
      "ca.crl": "644",
      "ca.crt": "644",
      "ca.key": "600",
      "cluster.key": "600",
      "edge-01.crt": "644",
      "edge-01.key": "600",
      "issued.json": "600",
    });
    expect(await text("cluster.key")).toMatch(/^[0-9a-f]{8}:[A-Za-z0-9+/]{43}=\n$/);
    expect(await text("ca.crl")).toMatch(/^-----BEGIN X509 CRL-----\n/);
  });

  it("writes what the daemon takes, on both ends", async () => {
    await filled();
    expect(loadTls(files("edge-01"), "server", wallMs).material.identity).toBe("edge-01");
    expect(loadTls(files("ann"), "client", wallMs).material.identity).toBe("ann");
  });

  it("puts the identity in one URI SAN, the names asked for beside it, and a random serial", async () => {
    await filled();
    const certificate = new X509Certificate(await text("edge-01.crt"));
    expect(certificate.subjectAltName).toBe(
      "URI:sssonector:edge-01, DNS:vpn.example.net, IP Address:FD00:0:0:0:0:0:0:1",
    );
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(await serial("edge-01")).toMatch(/^[4-7][0-9a-f]{31}$/);
    expect(await serial("edge-01")).not.toBe(await serial("ann"));
  });

  it("never outlives its CA", async () => {
    await ok("init", "--dir", dir, "--name", "Own CA");
    wallMs += 3600 * dayMs;
    await ok("issue", "--dir", dir, "--role", "client", "--name", "late", "--days", "1000");
    const ca = new X509Certificate(await text("ca.crt"));
    expect(ca.subject).toBe("CN=Own CA");
    expect(new X509Certificate(await text("late.crt")).validToDate).toEqual(ca.validToDate);
    wallMs += 100 * dayMs;
    const { exit, err } = await pki("issue", "--dir", dir, "--role", "client", "--name", "later");
    expect([exit, err]).toEqual([1, expect.stringContaining("pki_expired")]);
  });

  it("overwrites only with --force", async () => {
    await filled();
    const before = await text("ann.key");
    for (const args of [["init"], ["issue", "--role", "client", "--name", "ann"]]) {
      const { exit, err } = await pki(...args, "--dir", dir);
      expect([exit, err]).toEqual([1, expect.stringMatching(/pki_exists: .* exists; give --force/)]);
    }
    expect(await text("ann.key")).toBe(before);
    await ok("issue", "--dir", dir, "--role", "client", "--name", "ann", "--force");
    expect(await text("ann.key")).not.toBe(before);
    await ok("init", "--dir", dir, "--force");
  });

  it("keeps every certificate of commands that run at once", async () => {
    await ok("init", "--dir", dir);
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(names.map((name) => ok("issue", "--dir", dir, "--role", "client", "--name", name)));
    const { out } = await ok("show", "--dir", dir, "--json");
    const { certificates } = JSON.parse(out) as { certificates: { name: string }[] };
    expect(certificates.map(({ name }) => name).toSorted()).toEqual(names);
  });

  it("refuses a CA key that others can read, and a damaged index", async () => {
    await ok("init", "--dir", dir);
    await chmod(join(dir, "ca.key"), 0o644);
    expect((await pki("issue", "--dir", dir, "--role", "client", "--name", "ann")).err).toContain("pki_unsafe");
    await writeFile(join(dir, "issued.json"), "{}");
    expect((await pki("show", "--dir", dir)).err).toContain("pki_invalid");
  });

  it("says when there is no CA", async () => {
    const { exit, err } = await pki("show", "--dir", dir);
    expect([exit, err]).toEqual([1, expect.stringContaining("run `sssonector pki init`")]);
  });
});

describe("pki revoke, renew and crl", () => {
  it("renews with the same role, names and days, and another key", async () => {
    await filled();
    const [before, key] = [new X509Certificate(await text("edge-01.crt")), await text("edge-01.key")];
    wallMs += 300 * dayMs;
    await ok("renew", "--dir", dir, "--name", "edge-01");
    const after = new X509Certificate(await text("edge-01.crt"));
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect(after.keyUsage).toEqual(before.keyUsage);
    expect(after.validToDate.getTime() - before.validToDate.getTime()).toBe(300 * dayMs);
    expect(await text("edge-01.key")).not.toBe(key);
    expect(await mode(join(dir, "edge-01.key"))).toBe("600");
  });

  it("revokes every certificate of the name, the renewed as well", async () => {
    await filled();
    const first = await serial("ann");
    await ok("renew", "--dir", dir, "--name", "ann");
    await ok("revoke", "--dir", dir, "--name", "ann");
    expect((await crlSerials()).toSorted()).toEqual([first, await serial("ann")].toSorted());
    for (const command of ["renew", "revoke"]) {
      const { exit, err } = await pki(command, "--dir", dir, "--name", "ann");
      expect([exit, err]).toEqual([1, expect.stringContaining("pki_revoked")]);
    }
    await ok("issue", "--dir", dir, "--role", "client", "--name", "ann", "--force");
    expect(await crlSerials()).not.toContain(await serial("ann"));
  });

  it("refuses names that were never issued", async () => {
    await filled();
    for (const command of ["renew", "revoke", "show"]) {
      expect(await pki(command, "--dir", dir, "--name", "bob")).toMatchObject({
        exit: 1,
        err: expect.stringContaining("pki_unknown") as string,
      });
    }
  });

  it("signs the CRL again with a later end", async () => {
    await filled();
    await ok("revoke", "--dir", dir, "--name", "ann");
    const before = parseCrls(await text("ca.crl"))[0];
    wallMs += 100 * dayMs;
    await ok("crl", "--dir", dir);
    const after = parseCrls(await text("ca.crl"))[0];
    expect((after?.nextUpdateMs ?? 0) - (before?.nextUpdateMs ?? 0)).toBe(100 * dayMs);
    expect(after?.revoked).toEqual(before?.revoked);
  });
});

describe("pki show and bundle", () => {
  it("lists name, role, serial, end and state", async () => {
    await filled();
    await ok("revoke", "--dir", dir, "--name", "ann");
    const { out } = await ok("show", "--dir", dir);
    expect(out.split("\n")[0]).toMatch(/^NAME +ROLE +SERIAL +EXPIRES +STATE$/);
    expect(out).toMatch(new RegExp(`^edge-01 +server +${await serial("edge-01")} +20.*Z +valid$`, "m"));
    expect(out).toMatch(/^ann +client .* revoked 20/m);
    const json = JSON.parse((await ok("show", "--dir", dir, "--name", "edge-01", "--json")).out) as object;
    expect(json).toMatchObject({ v: 1, certificates: [{ name: "edge-01", role: "server", state: "valid" }] });
    wallMs += 400 * dayMs;
    expect((await ok("show", "--dir", dir, "--name", "edge-01")).out).toContain("expired");
  });

  it("writes a client's configuration that the daemon's TLS takes", async () => {
    await filled();
    await ok("bundle", "--dir", dir, "--name", "ann", "--endpoint", "eu=vpn.example.net:8443", "us=[fd00::1]:443");
    expect(await mode(join(dir, "ann.yaml"))).toBe("600");
    const yaml = await text("ann.yaml");
    expect(yaml).toContain("    key: |\n      -----BEGIN PRIVATE KEY-----\n");
    const config = parse(yaml) as { security: { tls: { cert: string; key: string; ca: string; crl: string } } };
    expect(config).toMatchObject({
      core: { mode: "client", name: "ann" },
      tunnel: {
        endpoints: [
          { name: "eu", address: "vpn.example.net:8443" },
          { name: "us", address: "[fd00::1]:443" },
        ],
      },
    });
    const { material } = loadTls({ ...config.security.tls, min_version: "1.3" }, "client", wallMs);
    expect(material.identity).toBe("ann");
  });

  it("prints the bundle with -o -, and overwrites only with --force", async () => {
    await filled();
    const bundle = ["bundle", "--dir", dir, "--name", "ann", "--endpoint", "eu=vpn.example.net:8443"];
    const { out } = await ok(...bundle, "-o", "-");
    expect(await readdir(dir)).not.toContain("ann.yaml");
    await ok(...bundle);
    expect(await text("ann.yaml")).toBe(out);
    expect(await pki(...bundle)).toMatchObject({ exit: 1, err: expect.stringContaining("--force") as string });
    await ok(...bundle, "--force");
    expect(await pki("bundle", "--dir", dir, "--name", "edge-01", "--endpoint", "a=b:1")).toMatchObject({ exit: 2 });
  });
});

describe("bad usage", () => {
  const issue = ["issue", "--dir", "/nonexistent/ca", "--role", "client"];
  it.each([
    [[]],
    [["bogus", "--dir", "x"]],
    [["init"]],
    [["init", "--dir", ""]],
    [["init", "--dir", "a", "--dir", "b"]],
    [["show", "--dir", "x", "--bogus"]],
    [["show", "more", "--dir", "x"]],
    [issue],
    [[...issue, "--name", "a/b"]],
    [[...issue, "--name", "a b"]],
    [[...issue, "--name", "a:b"]],
    [[...issue, "--name", "ä"]],
    [[...issue, "--name", "x".repeat(65)]],
    [[...issue, "--name", "ca"]],
    [[...issue, "--name", "cluster"]],
    [[...issue, "--name", "a", "--role", "both"]],
    [[...issue, "--name", "a", "--days", "0"]],
    [[...issue, "--name", "a", "--days", "1.5"]],
    [[...issue, "--name", "a", "--days", "soon"]],
    [[...issue, "--name", "a", "--san", "ip:1.2.3"]],
    [[...issue, "--name", "a", "--san", "dns:a..b"]],
    [[...issue, "--name", "a", "--san", "example.net"]],
    [["bundle", "--dir", "x", "--name", "a"]],
    [["bundle", "--dir", "x", "--name", "a", "--endpoint", "host:1"]],
    [["bundle", "--dir", "x", "--name", "a", "--endpoint", "n=host"]],
    [["bundle", "--dir", "x", "--name", "a", "--endpoint", "n=host:70000"]],
    [["bundle", "--dir", "x", "--name", "a", "--endpoint", "n=fd00::1:443"]],
  ])("%j is one line and exit 2", async (args) => {
    const { exit, out, err } = await pki(...args);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toMatch(/^sssonector pki: usage: [^\n]+; see --help\n$/);
  });

  it("help goes to standard output", async () => {
    expect((await ok("--help")).out).toContain("sssonector pki issue");
    expect((await ok("issue", "--help")).out).toContain("--san");
  });
});

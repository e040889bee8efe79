import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadSettings } from "../../src/daemon/config/load.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { Reloader } from "../../src/daemon/reloader.ts";
import type { ClusterKey } from "../../src/daemon/session/token.ts";
import { tlsSetOf } from "../../src/daemon/tls-files.ts";
import { FakeClock } from "../fakes/clock.ts";
import { dayMs, type Pair, TestCa } from "../tls/certificates.ts";

const now = Date.now();
let ca: TestCa;
let stranger: TestCa;
let pairs: Record<"server" | "other" | "client" | "short" | "renamed", Pair>;
let crl: string;

beforeAll(async () => {
  [ca, stranger] = await Promise.all([TestCa.create(now - 40 * dayMs), TestCa.create()]);
  const [server, other, client, short, renamed] = await Promise.all([
    ca.issue("edge-01", "server"),
    ca.issue("edge-01", "server"),
    ca.issue("edge-01", "client"),
    ca.issue("edge-01", "server", now - 35 * dayMs),
    ca.issue("edge-02", "server"),
  ]);
  pairs = { server, other, client, short, renamed };
  crl = await ca.crl();
});

let directory: string;
let file: string;
let clock: FakeClock;
let events: EventLog;
let applied: number;
let reloader: Reloader;
let keys: readonly ClusterKey[];
const [oldKey, newKey] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString("base64"));

const config = `core: {mode: server, name: edge-01, drain_timeout: 5s}
network: {address: 10.8.0.1/16, mtu: 1500}
tunnel: {listen: "0.0.0.0:8443"}
cluster: {secret_file: cluster.key}
security: {tls: {cert: s.crt, key: s.key, ca: ca.crt, crl: ca.crl}}
`;

function write(name: string, text: string, mode = 0o600): void {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), mode);
}

function put(pair: Pair): void {
  write("s.crt", pair.cert);
  write("s.key", pair.key);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "reload-"));
  file = join(directory, "server.yaml");
  write("server.yaml", config);
  put(pairs.server);
  write("ca.crt", ca.pem);
  write("ca.crl", crl);
  write("cluster.key", `old:${oldKey}\n`);
  keys = [];
  clock = new FakeClock({ wall: now });
  events = new EventLog(clock, { server: "edge-01", boot_id: "b" });
  applied = 0;
  const loaded = loadSettings({ file, cwd: directory, env: {} });
  if (loaded.kind === "bad") throw new Error("the fixture is bad");
  const tls = tlsSetOf(loaded.settings, now, file);
  reloader = new Reloader(loaded, tls, {
    clock,
    events,
    file,
    env: {},
    apply: () => void (applied += 1),
    useClusterKeys: (taken) => void (keys = taken),
  });
});
afterEach(() => {
  reloader[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const edited = (from: string, to: string) => (): void => write("server.yaml", config.replace(from, to));

/** What is wrong, how it comes about, and what the operator reads. */
const bad: readonly [what: string, make: () => void, message: string][] = [
  ["a half-written config", () => write("server.yaml", config.slice(0, 60)), "server.yaml:2:"],
  [
    "no config at all",
    () => rmSync(file),
    "config_file: can not be read: ENOENT: no such file or directory, open 'DIR/server.yaml'",
  ],
  [
    "an unknown key",
    edited("mtu: 1500", "mtuu: 1500"),
    "config_unknown: network.mtuu is unknown; did you mean mtu? at DIR/server.yaml:2:33",
  ],
  [
    "a wrong unit",
    edited("5s", "5 parsec"),
    'config_unit: core.drain_timeout must be a duration such as 30s (got "5 parsec") at DIR/server.yaml:1:52',
  ],
  [
    "another mode",
    () =>
      write(
        "server.yaml",
        config
          .replace("mode: server", "mode: client")
          .replace("address: 10.8.0.1/16, ", "")
          .replace("cluster: {secret_file: cluster.key}\n", "")
          .replace('listen: "0.0.0.0:8443"', 'endpoints: [{name: a, address: "192.0.2.1:1"}]'),
      ),
    "config_conflict: core.mode must stay server until a restart (got client)",
  ],
  [
    "a pool outside the prefix",
    edited("mtu: 1500", "pool: 10.9.0.0/24"),
    "config_conflict: network.pool must lie inside network.address 10.8.0.1/16 (got 10.9.0.0/24) at DIR/server.yaml:2:39",
  ],
  [
    "a half-written certificate",
    () => write("s.crt", pairs.server.cert.slice(0, 200)),
    "tls_not_pem: DIR/s.crt holds no certificate in PEM",
  ],
  ["a certificate file that is gone", () => rmSync(join(directory, "s.crt")), "tls_file: can't read DIR/s.crt: ENOENT"],
  [
    "the key of another certificate",
    () => write("s.key", pairs.other.key),
    "tls_key_mismatch: DIR/s.key is not the key of DIR/s.crt",
  ],
  [
    "a key that others can read",
    () => chmodSync(join(directory, "s.key"), 0o644),
    "tls_key_exposed: DIR/s.key has mode 0644",
  ],
  ["an expired certificate", () => put(pairs.short), "tls_expired: DIR/s.crt expired on "],
  ["a client's certificate", () => put(pairs.client), "tls_wrong_usage: DIR/s.crt is no server certificate"],
  [
    "another identity",
    () => put(pairs.renamed),
    "tls_identity: the certificate is edge-02's, and this daemon runs as edge-01; issue one for edge-01, or restart the daemon to run as edge-02",
  ],
  ["another CA", () => write("ca.crt", stranger.pem), "tls_wrong_ca: DIR/s.crt is not signed by a CA of DIR/ca.crt"],
  [
    "a cluster secret that is none",
    () => write("cluster.key", "?"),
    "cluster_secret: DIR/cluster.key:1: not KEYID:BASE64",
  ],
  ["a cut revocation list", () => write("ca.crl", crl.slice(0, 120)), "tls_crl_malformed: "],
];

describe.each(bad)("a reload with %s", (_what, make, message) => {
  it("changes nothing and says why in the answer, in an event, in an alert and in last_reload", () => {
    const before = reloader.settings;
    make();
    const wanted = message.replaceAll("DIR", directory);
    const dry = reloader.reload("command", true);
    expect(reloader.last).toBeNull();
    const result = reloader.reload("signal", false);
    expect(dry).toEqual(result);
    expect(result).toMatchObject({ kind: "failed", message: expect.stringContaining(wanted) as string });
    expect(result.message).toMatch(/^nothing changed: /);
    expect(applied).toBe(0);
    expect(reloader.settings).toBe(before);
    expect(reloader.last).toMatchObject({
      result: "failed",
      trigger: "signal",
      message: expect.stringContaining(wanted) as string,
    });
    expect(events.since(0)).toMatchObject([
      { severity: "critical", code: "reload_failed", message: expect.stringContaining(wanted) as string },
    ]);
    expect(reloader.alerts()).toMatchObject([{ code: "reload_failed", severity: "warning" }]);
  });

  it("is forgotten with the next good one", () => {
    make();
    reloader.reload("command", false);
    write("server.yaml", config);
    put(pairs.server);
    write("ca.crt", ca.pem);
    write("ca.crl", crl);
    write("cluster.key", `old:${oldKey}\n`);
    expect(reloader.reload("command", false).kind).toBe("done");
    expect(reloader.alerts()).toEqual([]);
    expect(reloader.last?.result).toBe("done");
    expect(applied).toBe(1);
  });
});

it("a revocation list that revokes this server is bad, and so is one that has expired", async () => {
  write("ca.crl", await ca.crl([pairs.server.serial]));
  expect(reloader.reload("command", false).message).toContain(`tls_revoked: ${directory}/s.crt is revoked in`);
  write("ca.crl", await ca.crl([], now - 366 * dayMs));
  expect(reloader.reload("command", false).message).toContain("tls_crl_expired: ");
});

it("applies what is live and tells what is not", () => {
  write("server.yaml", config.replace("5s", "6s").replace("1500", "1400"));
  const result = reloader.reload("command", false);
  expect(result.message).toBe(
    "reloaded: changed core.drain_timeout, certificates and keys read anew; needs a restart: network.mtu",
  );
  expect(reloader.settings.core.drain_timeout).toBe(6000);
  expect(reloader.settings.network.mtu).toBe(1500);
  expect(reloader.rows.find(({ key }) => key === "network.mtu")?.value).toBe(1500);
});

it("takes the keys of the cluster", () => {
  write("cluster.key", `new:${newKey}\nold:${oldKey}\n`);
  expect(reloader.reload("command", true).kind).toBe("done");
  expect(keys).toEqual([]);
  expect(reloader.reload("command", false).kind).toBe("done");
  expect(keys.map(({ id }) => id)).toEqual(["new", "old"]);
});

function later(): void {
  clock.advance(2000);
}

describe("files that change by themselves", () => {
  it("a new certificate and key are taken as one, even when the key comes a second later", () => {
    reloader.watch();
    write("s.crt", pairs.other.cert);
    clock.advance(1000);
    expect(applied).toBe(0);
    write("s.key", pairs.other.key);
    later();
    expect(applied).toBe(1);
    expect(events.since(0)).toMatchObject([{ code: "certificates_renewed" }]);
    expect(reloader.last).toMatchObject({ trigger: "certificate_files", result: "done" });
  });

  it("certificates don't take a changed config along, and a touched file changes nothing", () => {
    write("server.yaml", `${config}core.auto: x\n`);
    reloader.watch();
    write("s.crt", readFileSync(join(directory, "s.crt"), "utf8"));
    later();
    expect([applied, reloader.last]).toEqual([0, null]);
    put(pairs.other);
    later();
    expect(applied).toBe(1);
  });

  it("a bad file that a command has looked at is not told of again", () => {
    reloader.watch();
    write("server.yaml", "core: {");
    expect(reloader.reload("command", false).kind).toBe("failed");
    clock.advance(10_000);
    expect(events.since(0)).toHaveLength(1);
  });

  it("a bad set is told once, and again only when the files change again", () => {
    reloader.watch();
    write("s.crt", "half");
    clock.advance(30_000);
    expect(events.since(0)).toMatchObject([{ code: "reload_failed" }]);
    expect(reloader.alerts()[0]?.message).toMatch(/^the certificates on disk are not in use: tls_not_pem/);
    put(pairs.server);
    later();
    expect(reloader.alerts()).toEqual([]);
  });

  it("the config as well, unless core.auto_reload is false", () => {
    reloader.watch();
    write("server.yaml", config.replace("5s", "6s, auto_reload: false"));
    later();
    expect(reloader.last).toMatchObject({ trigger: "config_file", result: "done" });
    write("server.yaml", config.replace("5s", "7s"));
    later();
    expect(reloader.settings.core.drain_timeout).toBe(6000);
    expect(reloader.reload("command", false).kind).toBe("done");
    expect(reloader.settings.core.drain_timeout).toBe(7000);
  });
});

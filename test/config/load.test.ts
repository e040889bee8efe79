import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { exampleConfig } from "../../scripts/docs/example.ts";
import { type Loaded, loadSettings } from "../../src/daemon/config/load.ts";
import { formatProblem } from "../../src/daemon/config/problem.ts";
import { client, good, problemsOf, read, server } from "./fixtures.ts";

describe("the blocks of the architecture guide, as written there", () => {
  test("configuration reference and monitoring", () => {
    const { settings, notInEffect } = good(`# Core Configuration
core:
  mode: server
  workers: 4
  max_connections: 1000

# Network Configuration
network:
  interface: tun0
  mtu: 1500
  compression: true
  address: 10.8.0.1/16

# Security Configuration
security:
  tls:
    enabled: true
    min_version: "1.2"
    cert: a.crt
    key: a.key
    ca: ca.crt
  certificates:
    auto_reload: true
    rotation_interval: 24h

# Performance Configuration
performance:
  buffer_size: 32KB
  tcp_keepalive: true
  connection_timeout: 30s
monitoring:
  prometheus:
    enabled: true
    port: 9090
    path: /metrics
  logging:
    level: info
    format: json
    output: stdout
tunnel: {listen: "0.0.0.0:8443"}
`);
    expect(settings.core).toMatchObject({ workers: 4, max_connections: 1000 });
    expect(settings.security.tls.min_version).toBe("1.2");
    expect(settings.performance).toEqual({ buffer_size: 32_768, tcp_keepalive: true, connection_timeout: 30_000 });
    expect(notInEffect).toEqual([]);
  });

  test("connection pool, buffers and rate limiting", () => {
    const { settings, notInEffect } = good(`${server}pool:
  initial_size: 100
  max_size: 1000
  idle_timeout: 300s
  cleanup_interval: 60s
buffers:
  size: 32KB
  pool_size: 1000
  prealloc: true
  cleanup_interval: 30s
rate_limit:
  base_rate: 10000
  burst_size: 1000
  adjustment_interval: 1s
`);
    expect(settings.pool).toEqual({
      initial_size: 100,
      max_size: 1000,
      idle_timeout: 300_000,
      cleanup_interval: 60_000,
    });
    expect(settings.rate_limit).toMatchObject({
      base_rate: { kind: "packets", per_second: 10_000 },
      burst_size: { kind: "packets", amount: 1000 },
    });
    expect(notInEffect).toEqual([]);
  });
});

describe("not in effect yet", () => {
  test("the value that holds anyway is in effect", () => {
    const lines = "core: {mode: server, workers: 1}\nnetwork: {address: 10.8.0.1/16, compression: false}\n";
    const rest = server.split("\n").slice(2).join("\n");
    expect(good(lines + rest).notInEffect).toEqual([]);
  });

  test("what only one end has not yet is told to that end", () => {
    const [, ...rest] = client.split("\n");
    const { notInEffect } = good(["core: {mode: client, workers: 2}", ...rest].join("\n"));
    expect(notInEffect).toEqual(["server.yaml:1:31: core.workers: not in effect yet on a client"]);
  });
});

describe("the environment", () => {
  test("wins over the file, in the setting's own unit", () => {
    const env = { SSSONECTOR_CORE_MAX_CONNECTIONS: "7", SSSONECTOR_HEALTH_INTERVAL: "2s", PATH: "/bin" };
    const { settings, rows } = good(`${server}health: {interval: 9s}\n`, env);
    expect(settings.core.max_connections).toBe(7);
    expect(settings.health.interval).toBe(2000);
    expect(rows.find(({ key }) => key === "health.interval")).toMatchObject({
      value: "2s",
      default: "5s",
      source: "SSSONECTOR_HEALTH_INTERVAL",
    });
  });

  test("gives lists with commas, and words", () => {
    const env = { SSSONECTOR_NETWORK_ROUTES: "10.1.0.0/16, fd00::/8", SSSONECTOR_NETWORK_ACCEPT_ROUTES: "none" };
    expect(good(client, env).settings.network).toMatchObject({
      routes: ["10.1.0.0/16", "fd00::/8"],
      accept_routes: "none",
    });
  });

  test("can give the mode and what it requires", () => {
    const env = { SSSONECTOR_CORE_MODE: "server", SSSONECTOR_TUNNEL_LISTEN: "[::]:8443" };
    const text = "network: {address: 10.8.0.1/16}\nsecurity: {tls: {cert: a, key: b, ca: c}}\n";
    expect(good(text, env).settings.tunnel).toEqual({ listen: { host: "::", port: 8443 } });
  });

  test.each([
    [{ SSSONECTOR_CORE_WORKERS: "0" }, "SSSONECTOR_CORE_WORKERS: core.workers: must be at least 1 (got 0)"],
    [{ SSSONECTOR_CORE_WORKER: "1" }, "SSSONECTOR_CORE_WORKER: is unknown; did you mean SSSONECTOR_CORE_WORKERS?"],
    [{ SSSONECTOR_HELLO: "" }, "SSSONECTOR_HELLO: is unknown"],
    [
      { SSSONECTOR_NETWORK_ACCEPT_ROUTES: "all" },
      "SSSONECTOR_NETWORK_ACCEPT_ROUTES: network.accept_routes: belongs to a client, but core.mode is server",
    ],
    [
      { SSSONECTOR_NETWORK_POOL: "10.9.0.0/24" },
      "SSSONECTOR_NETWORK_POOL: network.pool: must lie inside network.address 10.8.0.1/16 (got 10.9.0.0/24)",
    ],
  ])("%j is refused", (env, problem) => expect(problemsOf(server, env)).toEqual([problem]));

  test("does not hide a bad value in the file", () => {
    expect(problemsOf(`${server}health: {rise: 0}\n`, { SSSONECTOR_HEALTH_RISE: "2" })).toEqual([
      "server.yaml:5:16: health.rise: must be at least 1 (got 0)",
    ]);
  });
});

describe("files", () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), "sssonector-config-"));
  });
  afterEach(() => rmSync(cwd, { recursive: true }));

  test("paths start from the file's directory, and its name is shown as it was given", () => {
    mkdirSync(join(cwd, "sub"));
    writeFileSync(join(cwd, "sub/a.yaml"), server);
    const loaded = loadSettings({ file: "sub/a.yaml", cwd, env: {} });
    if (loaded.kind === "bad") throw new Error(shown(loaded).join("\n"));
    expect(loaded.settings.security.tls.cert).toEqual({ kind: "file", path: join(cwd, "sub/a.crt") });
    expect(loaded.file).toBe("sub/a.yaml");
    expect(loaded.rows[0]?.source).toBe("sub/a.yaml:1:14");
  });

  test("without a name, yaml comes before yml and json", () => {
    writeFileSync(join(cwd, "sssonector.json"), JSON.stringify(parse(client)));
    const modeOf = (): string => {
      const loaded = loadSettings({ cwd, env: {} });
      return loaded.kind === "ok" ? loaded.settings.core.mode : shown(loaded).join("\n");
    };
    expect(modeOf()).toBe("client");
    writeFileSync(join(cwd, "sssonector.yml"), server);
    expect(modeOf()).toBe("server");
    writeFileSync(join(cwd, "sssonector.yaml"), client);
    expect(modeOf()).toBe("client");
  });

  test("code in the directory is never executed", () => {
    mkdirSync(join(cwd, ".config"));
    const code = `require("node:fs").writeFileSync(${JSON.stringify(join(cwd, "executed"))}, ""); module.exports = {};`;
    for (const name of [".config/config.js", "sssonector.config.js", "sssonector.js", "sssonector.ts"]) {
      writeFileSync(join(cwd, name), code);
    }
    expect(loadSettings({ cwd, env: {} }).kind).toBe("bad");
    expect(loadSettings({ file: "sssonector.js", cwd, env: {} }).kind).toBe("bad");
    expect(() => rmSync(join(cwd, "executed"))).toThrow("ENOENT");
  });

  test("a file that is not there, and none at all", () => {
    expect(shown(loadSettings({ file: "no.yaml", cwd, env: {} }))).toEqual([
      `no.yaml: can not be read: ENOENT: no such file or directory, open '${join(cwd, "no.yaml")}'`,
    ]);
    expect(shown(loadSettings({ cwd, env: {} }))).toEqual([
      `config: none found: no sssonector.yaml, sssonector.yml, sssonector.json in ${cwd} or /etc/sssonector`,
    ]);
  });
});

describe("whatever is written", { timeout: 60_000 }, () => {
  test("text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), settled));
  });

  test("text of the characters of YAML", () => {
    const unit = fc.constantFrom(..."core:mode \n-[]{}&*!|>'\"%@`#,?0a\t~<".split(""));
    fc.assert(fc.property(fc.string({ unit, maxLength: 60 }), settled), { numRuns: 300 });
  });

  test("any value in place of any part of a full configuration", () => {
    const documents = (["server", "client"] as const).map((mode) => parse(exampleConfig(mode, "everything")) as object);
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("unlimited", "1s", "1KB", "::", "0.0.0.0/0"));
    fc.assert(
      fc.property(fc.constantFrom(...documents), fc.nat(), value, (document, place, inserted) => {
        const copy = structuredClone(document);
        const holes = holesOf(copy);
        const [owner, key] = holes[place % holes.length] ?? [{}, ""];
        owner[key] = inserted;
        settled(stringify(copy));
      }),
      { numRuns: 100 },
    );
  });

  test("any damage to a full configuration", () => {
    const text = exampleConfig("server", "defaults");
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(20), fc.string({ maxLength: 5 }), (at, cut, insert) =>
        settled(text.slice(0, at) + insert + text.slice(at + cut)),
      ),
      { numRuns: 50 },
    );
  });
});

/** Every place of a value below the given one. */
function holesOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [[owner, key], ...holesOf(owner[key])]);
}

function shown(loaded: Loaded): string[] {
  return loaded.kind === "ok" ? [] : loaded.problems.map(formatProblem);
}

/** Reading ends in settings, or in problems with a place and a text. */
function settled(text: string): void {
  const loaded = read(text);
  if (loaded.kind === "ok") return;
  expect(loaded.problems.length).toBeGreaterThan(0);
  for (const { message, line, column } of loaded.problems) {
    expect(message).not.toBe("");
    expect(Math.min(line, column)).toBeGreaterThan(0);
  }
}

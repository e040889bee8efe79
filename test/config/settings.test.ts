import { expect, test } from "vitest";
import { isServer, type ClientSettings, type ServerSettings } from "../../src/daemon/config/settings.ts";
import { exampleConfig } from "../../scripts/docs/example.ts";
import { client, server, settingsOf } from "./fixtures.ts";

const limited = {
  base_rate: { kind: "bytes", per_second: 12_500_000 },
  burst_size: { kind: "bytes", amount: 4_194_304 },
} as const;

const common = {
  security: {
    tls: {
      enabled: true,
      min_version: "1.3",
      cert: { kind: "file", path: "/etc/sssonector/edge-01.crt" },
      key: { kind: "file", path: "/etc/sssonector/edge-01.key" },
      ca: { kind: "file", path: "/etc/sssonector/ca.crt" },
      crl: { kind: "file", path: "/etc/sssonector/ca.crl" },
      server_name: undefined,
    },
    certificates: { auto_reload: true, rotation_interval: 86_400_000, rotation_bytes: 64 * 1024 ** 3 },
  },
  performance: { buffer_size: 32_768, tcp_keepalive: true, connection_timeout: 10_000 },
  pool: { initial_size: 1, max_size: 4, idle_timeout: 300_000, cleanup_interval: 60_000 },
  buffers: { size: 32_768, pool_size: 1000, prealloc: false, cleanup_interval: 30_000 },
  rate_limit: {
    ...limited,
    adjustment_interval: 1000,
    min_rate: { kind: "bytes", per_second: 125_000 },
    max_rate: { kind: "bytes", per_second: 25_000_000 },
    adjust: "off",
    global: limited,
  },
  balancer: { strategy: "weighted_round_robin", mode: "session" },
  circuit_breaker: {
    mode: "enforce",
    failure_rate: 50,
    slow_rate: 80,
    minimum_calls: 5,
    consecutive: 3,
    slow_call: 2000,
    window: 60_000,
    open: 1000,
    open_max: 60_000,
  },
  health: { interval: 5000, timeout: 3000, rise: 2, fall: 3 },
  monitoring: {
    prometheus: { enabled: true, address: "127.0.0.1", port: 9090, path: "/metrics", per_identity: 0 },
    top_talkers: true,
    logging: { level: "info", format: "json", output: { kind: "stdout" } },
  },
  control: {
    socket: "/run/sssonector/edge-01.sock",
    group: "sssonector",
    operators: ["root"],
    tcp: { listen: { host: "127.0.0.1", port: 7433 }, token_file: "/etc/sssonector/control.tokens" },
  },
} as const;

const core = {
  name: "edge-01",
  workers: 1,
  max_connections: 10_000,
  drain_timeout: 5_000,
  state_dir: "/var/lib/sssonector/edge-01",
};

// These two hold the interface against the table: a setting that only one of them has fails here or in tsc.
test("a server with every setting", () => {
  const { server_name: _, ...tls } = common.security.tls;
  const expected: Omit<ServerSettings, "security"> = {
    ...common,
    control: { ...common.control, operators: ["root"] },
    core: { mode: "server", auto_reload: true, ...core },
    network: {
      interface: "tun0",
      address: "10.8.0.1/16",
      address6: "fd00:8::1/48",
      pool: "10.8.1.0/24",
      pool6: "fd00:8:0:1::/64",
      mtu: 1500,
      compression: false,
      routes: ["10.20.0.0/16"],
      forwarding: { mode: "none", interface: "eth0" },
    },
    cluster: { secret_file: "/etc/sssonector/cluster.key", region: "eu", id: "edge-01" },
    tunnel: { listen: { host: "0.0.0.0", port: 8443 } },
    access: {
      default: "allow",
      client_to_client: false,
      acl: [{ action: "allow", to: "10.20.0.0/16", protocol: "tcp", port: { from: 443, to: 443 } }],
      identities: [
        {
          name: "laptop-ann",
          address: "10.8.0.14",
          address6: "fd00:8::14",
          allowed_ips: ["10.21.0.0/16"],
          rate_limit: limited,
          acl: [{ action: "allow", to: "10.20.0.0/16", protocol: "tcp", port: { from: 443, to: 443 } }],
        },
      ],
    },
    limits: { handshakes_pending: 256, per_source: { pending: 16, rate: 20, burst: 40 } },
    services: [
      {
        name: "db",
        listen: { host: "10.8.0.1", port: 5432 },
        strategy: "least_connections",
        endpoints: [{ name: "db-1", address: { host: "10.0.1.5", port: 5432 }, weight: 1 }],
        connect_timeout: 3000,
        health: { type: "tcp", path: "/", status: 200 },
        rate_limit: limited,
        max_connections: 500,
        warm_connections: 4,
      },
    ],
  };
  const settings = settingsOf(exampleConfig("server", "everything"));
  expect(settings).toStrictEqual({ ...expected, security: { ...common.security, tls } });
});

test("a client with every setting", () => {
  const expected: ClientSettings = {
    ...common,
    security: { ...common.security, tls: { ...common.security.tls, server_name: "vpn.example.net" } },
    control: { ...common.control, operators: ["root"] },
    core: { mode: "client", auto_reload: true, ...core },
    network: { interface: "tun0", mtu: 1500, compression: false, routes: ["10.20.0.0/16"], accept_routes: "all" },
    tunnel: {
      endpoints: [
        {
          name: "eu-1",
          identity: "eu-1",
          address: { host: "vpn1.example.net", port: 8443 },
          weight: 100,
          priority: 0,
        },
      ],
    },
  };
  expect(settingsOf(exampleConfig("client", "everything"))).toStrictEqual(expected);
});

test("defaults that follow from other settings", () => {
  const settings = settingsOf(`${server}control: {}\n`, { SSSONECTOR_CORE_NAME: "x9" });
  if (!isServer(settings)) throw new Error("not a server");
  expect(settings.control.socket).toBe("/run/sssonector/x9.sock");
  expect(settings.core.state_dir).toBe("/var/lib/sssonector/x9");
  expect(settings.network.pool).toBe("10.8.0.0/16");
  expect(settings.network.pool6).toBeUndefined();
  expect(settings.monitoring.prometheus.enabled).toBe(false);
  expect(settings.cluster.secret_file).toBeUndefined();
  expect(settings.rate_limit.base_rate).toEqual({ kind: "unlimited" });
});

test("systemd's state directory, where there is one", () => {
  const env = { STATE_DIRECTORY: "/var/lib/sssonector-edge" };
  expect(settingsOf(server, env).core.state_dir).toBe("/var/lib/sssonector-edge");
});

test("metrics are on when their block is there, unless it says otherwise", () => {
  const enabled = ["{port: 9100}", "", "{enabled: false}"].map(
    (block) => settingsOf(`${server}monitoring: {prometheus: ${block}}\n`).monitoring.prometheus.enabled,
  );
  expect(enabled).toEqual([true, true, false]);
});

test("performance.buffer_size and buffers.size are one setting", () => {
  const alias = settingsOf(`${server}performance: {buffer_size: 64KB}\n`);
  expect(alias.buffers.size).toBe(65_536);
  const own = settingsOf(`${server}buffers: {size: 16KB}\n`);
  expect(own.performance.buffer_size).toBe(16_384);
});

test("certificates are files beside the configuration, or PEM in it", () => {
  const text = client.replace(
    "cert: a.crt",
    'cert: "-----BEGIN CERTIFICATE-----\\nMII\\n-----END CERTIFICATE-----\\n"',
  );
  const { tls } = settingsOf(text).security;
  expect(tls.cert).toEqual({
    kind: "inline",
    pem: "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
  });
  expect(tls.key).toEqual({ kind: "file", path: "/etc/sssonector/a.key" });
});

test("a name that the host may have but a setting may not is made fit", async () => {
  const { deriveDefaults } = await import("../../src/daemon/config/defaults.ts");
  const draft = settingsOf(server);
  const nameOf = (name: string): string | undefined => {
    const fresh = { ...draft, core: { ...draft.core, name: undefined } };
    deriveDefaults(fresh, { name, stateDirectory: undefined }, new Map());
    return fresh.core.name;
  };
  expect([nameOf("web 1/a"), nameOf("--x"), nameOf("")]).toEqual(["web-1-a", "x", "sssonector"]);
});

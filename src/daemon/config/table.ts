import * as place from "./place.ts";
import { burst, duration, flag, oneOf, rate, size, type ValueType, whole } from "./value.ts";

/**
 * The one table of settings. Validation, the environment, defaults, reload, `ctl config`, config/sssonector.example.yaml
 * and docs/configuration.md are derived from it.
 */
export interface Setting {
  /** Dotted path; "[]" stands for each entry of a list. */
  path: string;
  shape: Shape;
  /** Which end has the setting. */
  mode: "server" | "client" | "both";
  /** The default as an operator would write it. */
  default?: string | number | boolean | readonly string[];
  /** The default in words, where it follows from something else (defaults.ts). */
  derived?: string;
  required?: true;
  /** Whether a reload applies a change, or a restart is needed. */
  reload: "live" | "restart";
  /** "later": checked, but the system that it steers is not built yet. `builtIn` is the value that holds meanwhile. */
  effect: "now" | { later: true; builtIn?: string };
  /** Shown in the example where there is no default. */
  example?: string;
  doc: string;
}

/** A value; a list of values, or one of `words` in place of it; a list of entries with settings of their own. */
export type Shape =
  | { kind: "value"; type: ValueType }
  | { kind: "list"; of: ValueType; words: readonly string[] }
  | { kind: "entries" };

type Rest = Omit<Setting, "path" | "shape" | "doc" | "effect" | "mode" | "reload"> & Partial<Setting>;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const later = { later: true } as const;

function setting(path: string, shape: Shape, doc: string, rest: Rest): Setting {
  return { path, shape, mode: "both", reload: "restart", effect: "now", ...rest, doc };
}

function value(path: string, type: ValueType, doc: string, rest: Rest = {}): Setting {
  return setting(path, { kind: "value", type }, doc, rest);
}

function list(path: string, of: ValueType, doc: string, rest: Rest & { words?: readonly string[] } = {}): Setting {
  const { words = [], ...others } = rest;
  return setting(path, { kind: "list", of, words }, doc, { default: [], ...others });
}

function entries(path: string, doc: string, rest: Rest = {}): Setting {
  return setting(path, { kind: "entries" }, doc, { default: [], ...rest });
}

const strategy = oneOf("round_robin", "least_connections", "weighted_round_robin", "p2c_ewma", "rendezvous");
const server = { mode: "server" } as const;
const client = { mode: "client" } as const;
const live = { reload: "live" } as const;
const lateLive = { reload: "live", effect: later } as const;

const core: Setting[] = [
  value("core.mode", oneOf("server", "client"), "Which end of the tunnel this daemon is.", {
    required: true,
    example: "server",
  }),
  value("core.name", place.name, "Name of this daemon in logs, in the console and in its socket's path.", {
    derived: "the host's name",
    example: "edge-01",
  }),
  value("core.workers", whole(1, 64), "Data threads. One carries the traffic of all links.", {
    default: 1,
    effect: { later: true, builtIn: "1" },
  }),
  value("core.max_connections", whole(1, 1_000_000), "Links that are open at the same time; one more is refused.", {
    default: 10_000,
    ...live,
  }),
  value(
    "core.drain_timeout",
    duration(0, hour),
    "How long a drain of this daemon, also by SIGTERM, waits for sessions.",
    {
      default: "30s",
      ...lateLive,
    },
  ),
  value("core.state_dir", place.path, "Directory for leases, session tokens and the journal of what was set up.", {
    derived: "$STATE_DIRECTORY, else /var/lib/sssonector/NAME",
    example: "/var/lib/sssonector/edge-01",
  }),
];

const network: Setting[] = [
  value("network.interface", place.interfaceName, "Name of the TUN interface.", { default: "tun0" }),
  value("network.address", place.interfaceAddress(4), "The server's own inner IPv4 address with the tunnel's prefix.", {
    ...server,
    example: "10.8.0.1/16",
  }),
  value(
    "network.address6",
    place.interfaceAddress(6),
    "The server's own inner IPv6 address with the tunnel's prefix.",
    {
      ...server,
      example: "fd00:8::1/48",
    },
  ),
  value("network.pool", place.prefix(4), "Slice of the prefix from which this server leases IPv4 addresses.", {
    ...server,
    derived: "the whole prefix of network.address",
    example: "10.8.1.0/24",
  }),
  value("network.pool6", place.prefix(6), "Slice of the prefix from which this server leases IPv6 addresses.", {
    ...server,
    derived: "the whole prefix of network.address6",
    example: "fd00:8:0:1::/64",
  }),
  value("network.mtu", whole(576, 65_535), "MTU of the TUN interface; a session uses the smaller of both ends.", {
    default: 1500,
  }),
  value(
    "network.compression",
    flag,
    "Compress packets. Off by default: compressing secrets together with text that an attacker can choose leaks the secrets through the length of what is sent (VORACLE).",
    { default: false, effect: { later: true, builtIn: "false" } },
  ),
  list(
    "network.routes",
    place.prefix("any"),
    "Server: prefixes pushed to clients. Client: prefixes routed in addition.",
    {
      ...live,
      example: "[10.20.0.0/16]",
    },
  ),
  value("network.forwarding.mode", oneOf("none", "nat", "proxy_arp"), "How answers find the way back to this server.", {
    ...server,
    default: "none",
    effect: { later: true, builtIn: "none" },
  }),
  value("network.forwarding.interface", place.interfaceName, "Interface to the services, for nat and proxy_arp.", {
    ...server,
    effect: later,
    example: "eth0",
  }),
  list(
    "network.accept_routes",
    place.prefix("any"),
    "Pushed routes to take. A default route is taken only when this list names it (0.0.0.0/0, ::/0), not with all.",
    { ...client, ...live, default: "all", words: ["all", "none"] },
  ),
];

const cluster: Setting[] = [
  value(
    "cluster.secret_file",
    place.path,
    "Keys that seal session tokens, the same on all servers that a client may use.",
    {
      ...server,
      derived: "made in core.state_dir",
      example: "cluster.key",
    },
  ),
  value("cluster.region", place.name, "Region of this server, told to clients.", { ...server, example: "eu" }),
  value("cluster.id", place.name, "Name of the cluster in place of the secret's hash, told to clients.", {
    ...server,
    example: "main",
  }),
];

const tunnel: Setting[] = [
  value("tunnel.listen", place.hostPort("address"), "Address and port on which the server accepts links.", {
    ...server,
    required: true,
    example: "0.0.0.0:8443",
  }),
  entries("tunnel.endpoints", "The servers that a client may use.", { ...client, required: true, ...live }),
  value("tunnel.endpoints[].name", place.name, "Name of the server in logs and commands; unique.", {
    ...client,
    required: true,
    ...live,
    example: "eu-1",
  }),
  value("tunnel.endpoints[].identity", place.name, "Identity that the server's certificate must have.", {
    ...client,
    derived: "its name",
    ...live,
    example: "eu-1",
  }),
  value("tunnel.endpoints[].address", place.hostPort("name or address"), "Host and port of the server.", {
    ...client,
    required: true,
    ...live,
    example: "vpn1.example.net:8443",
  }),
  value("tunnel.endpoints[].weight", whole(0, 256), "Share of new sessions; 0 takes none.", {
    ...client,
    default: 100,
    ...lateLive,
  }),
  value("tunnel.endpoints[].priority", whole(0, 255), "Lower ones are used first.", {
    ...client,
    default: 0,
    ...lateLive,
  }),
];

const security: Setting[] = [
  value("security.tls.enabled", flag, "Always true: there is no tunnel without TLS.", { default: true }),
  value("security.tls.min_version", oneOf("1.2", "1.3"), "Lowest TLS version; 1.2 only with ECDHE and AEAD ciphers.", {
    default: "1.3",
    ...live,
  }),
  value("security.tls.cert", place.pem, "This end's certificate.", { required: true, ...live, example: "edge-01.crt" }),
  value("security.tls.key", place.pem, "Its private key; a file that group or others can read is refused.", {
    required: true,
    ...live,
    example: "edge-01.key",
  }),
  value("security.tls.ca", place.pem, "The private CA that both ends trust.", {
    required: true,
    ...live,
    example: "ca.crt",
  }),
  value("security.tls.crl", place.pem, "The CA's revocation list; an expired one refuses everybody.", {
    ...live,
    example: "ca.crl",
  }),
  value("security.tls.server_name", place.hostName, "Name that the client sends in the TLS handshake (SNI).", {
    ...client,
    derived: "the endpoint's host",
    ...live,
    example: "vpn.example.net",
  }),
  value("security.certificates.auto_reload", flag, "Take new certificate files as soon as they appear.", {
    default: true,
    ...lateLive,
  }),
  value(
    "security.certificates.rotation_interval",
    duration(minute, 365 * day),
    "How often links move to the newest certificate.",
    {
      default: "24h",
      ...lateLive,
    },
  ),
];

const access: Setting[] = [
  value(
    "access.default",
    oneOf("allow", "deny"),
    "Whether a certificate of the CA is enough, or an identity must be listed.",
    {
      ...server,
      default: "allow",
      ...live,
    },
  ),
  value("access.client_to_client", flag, "Whether clients reach each other through the server.", {
    ...server,
    default: false,
    ...live,
  }),
  entries("access.identities", "What is known about single identities.", { ...server, ...live }),
  value("access.identities[].name", place.name, "The identity of the certificate; unique.", {
    ...server,
    required: true,
    ...live,
    example: "laptop-ann",
  }),
  value("access.identities[].address", place.address(4), "Fixed inner IPv4 address, inside network.address.", {
    ...server,
    ...live,
    example: "10.8.0.14",
  }),
  value("access.identities[].address6", place.address(6), "Fixed inner IPv6 address, inside network.address6.", {
    ...server,
    ...live,
    example: "fd00:8::14",
  }),
  list(
    "access.identities[].allowed_ips",
    place.prefix("any"),
    "Prefixes behind this client: it may send from them, and receives what goes there.",
    {
      ...server,
      ...live,
      example: "[10.21.0.0/16]",
    },
  ),
  ...limitedBy("access.identities[].rate_limit", "of all sessions of the identity, in each direction", server),
  entries("access.identities[].acl", "Rules for what the identity may reach; the first that fits decides.", {
    ...server,
    ...lateLive,
  }),
  value("access.identities[].acl[].action", oneOf("allow", "deny"), "What happens to a packet that fits.", {
    ...server,
    default: "allow",
    ...lateLive,
  }),
  value("access.identities[].acl[].to", place.prefix("any"), "Destination prefix.", {
    ...server,
    derived: "any",
    ...lateLive,
    example: "10.20.0.0/16",
  }),
  value("access.identities[].acl[].protocol", oneOf("any", "tcp", "udp", "icmp"), "Protocol.", {
    ...server,
    default: "any",
    ...lateLive,
  }),
  value("access.identities[].acl[].port", place.portRange, "Destination ports, for tcp and udp.", {
    ...server,
    derived: "any",
    ...lateLive,
    example: "443",
  }),
];

const resources: Setting[] = [
  value("performance.buffer_size", size(1024, 16 * 1024 ** 2), "Another name of buffers.size.", {
    derived: "buffers.size",
    effect: later,
    example: "32KB",
  }),
  value("performance.tcp_keepalive", flag, "TCP keep-alive on links.", { default: true }),
  value(
    "performance.connection_timeout",
    duration(100, 10 * minute),
    "Time for one attempt to bring up a link, until WELCOME.",
    {
      default: "10s",
      ...live,
    },
  ),
  value(
    "pool.initial_size",
    whole(1, 10_000),
    "Links per server at once (client); warm connections per endpoint (server).",
    {
      default: 1,
      ...lateLive,
    },
  ),
  value("pool.max_size", whole(1, 10_000), "The most of them while there is traffic.", { default: 4, ...lateLive }),
  value("pool.idle_timeout", duration(second, day), "Idle ones above initial_size are closed after this time.", {
    default: "300s",
    ...lateLive,
  }),
  value("pool.cleanup_interval", duration(second, hour), "How often idle ones are looked for.", {
    default: "60s",
    ...lateLive,
  }),
  value(
    "buffers.size",
    size(1024, 16 * 1024 ** 2),
    "Size of one buffer; with pool_size, the bytes that may be queued in total.",
    {
      default: "32KB",
      effect: later,
    },
  ),
  value("buffers.pool_size", whole(16, 1_000_000), "Number of buffers.", { default: 1000, effect: later }),
  value("buffers.prealloc", flag, "Take the memory at start.", { default: true, effect: later }),
  value("buffers.cleanup_interval", duration(second, hour), "How often unused buffers are given back.", {
    default: "30s",
    ...lateLive,
  }),
];

const traffic: Setting[] = [
  ...limitedBy("rate_limit", "of each session, in each direction", {}),
  value("rate_limit.adjustment_interval", duration(100, hour), "How often rates are adjusted.", {
    default: "1s",
    ...lateLive,
  }),
  value("rate_limit.min_rate", rate, "Adjustment stays above.", { ...lateLive, example: "1mbit" }),
  value("rate_limit.max_rate", rate, "Adjustment stays below.", { ...lateLive, example: "200mbit" }),
  value("rate_limit.adjust", oneOf("aimd", "off"), "Adjust rates to the queueing delay: up slowly, down at once.", {
    default: "off",
    ...lateLive,
  }),
  ...limitedBy("rate_limit.global", "of the whole daemon, in each direction", {}),
  value("balancer.strategy", strategy, "How a server (client) or a service endpoint (server) is chosen.", {
    default: "weighted_round_robin",
    ...lateLive,
  }),
  value("balancer.mode", oneOf("session", "flow"), "Keep all flows on one server, or spread them.", {
    default: "session",
    effect: later,
  }),
  value("circuit_breaker.failure_rate", whole(1, 100), "Percent of failed calls that open the breaker.", {
    default: 50,
    ...lateLive,
  }),
  value("circuit_breaker.slow_rate", whole(1, 100), "Percent of slow calls that open the breaker.", {
    default: 80,
    ...lateLive,
  }),
  value("circuit_breaker.minimum_calls", whole(1, 1000), "Calls in the window before rates count.", {
    default: 5,
    ...lateLive,
  }),
  value("circuit_breaker.consecutive", whole(1, 1000), "Failures in a row that open the breaker.", {
    default: 3,
    ...lateLive,
  }),
  value("circuit_breaker.slow_call", duration(1, minute), "A call that takes longer is slow.", {
    default: "2s",
    ...lateLive,
  }),
  value("circuit_breaker.window", duration(second, hour), "How far back calls count.", { default: "60s", ...lateLive }),
  value("circuit_breaker.open", duration(100, hour), "First time that the breaker stays open; doubles each time.", {
    default: "1s",
    ...lateLive,
  }),
  value("circuit_breaker.open_max", duration(100, day), "Longest time that the breaker stays open.", {
    default: "60s",
    ...lateLive,
  }),
  value("health.interval", duration(100, hour), "Time between keep-alives on an idle link.", {
    default: "5s",
    ...live,
  }),
  value("health.timeout", duration(100, 10 * minute), "Time to wait for the answer.", { default: "3s", ...live }),
  value("health.rise", whole(1, 100), "Good checks that bring a backend up.", { default: 2, ...lateLive }),
  value("health.fall", whole(1, 100), "Bad checks that take a backend down.", { default: 3, ...lateLive }),
  value("limits.handshakes_pending", whole(1, 65_535), "Handshakes at the same time; more wait un-accepted.", {
    ...server,
    default: 256,
    ...live,
  }),
  value("limits.per_source.pending", whole(1, 65_535), "Handshakes at the same time from one source address.", {
    ...server,
    default: 16,
    ...live,
  }),
  value("limits.per_source.rate", whole(1, 100_000), "Handshakes a second from one source address.", {
    ...server,
    default: 20,
    ...live,
  }),
  value("limits.per_source.burst", whole(1, 100_000), "Handshakes from one source address at once, above the rate.", {
    ...server,
    default: 40,
    ...live,
  }),
];

const services: Setting[] = [
  entries("services", "Services published on the inner network, each spread over its endpoints.", {
    ...server,
    ...lateLive,
  }),
  value("services[].name", place.name, "Name of the service; unique.", {
    ...server,
    required: true,
    ...lateLive,
    example: "db",
  }),
  value("services[].listen", place.hostPort("address"), "Inner address and port.", {
    ...server,
    required: true,
    ...lateLive,
    example: "10.8.0.1:5432",
  }),
  value("services[].strategy", strategy, "How an endpoint is chosen.", {
    ...server,
    default: "least_connections",
    ...lateLive,
  }),
  entries("services[].endpoints", "Where the service runs.", { ...server, required: true, ...lateLive }),
  value("services[].endpoints[].address", place.hostPort("name or address"), "Host and port.", {
    ...server,
    required: true,
    ...lateLive,
    example: "10.0.1.5:5432",
  }),
  value("services[].endpoints[].weight", whole(0, 256), "Share of new connections.", {
    ...server,
    default: 1,
    ...lateLive,
  }),
  value("services[].health.type", oneOf("tcp", "http"), "A TCP connect, or an HTTP GET.", {
    ...server,
    default: "tcp",
    ...lateLive,
  }),
  value("services[].health.path", place.urlPath, "Path of the GET.", { ...server, default: "/", ...lateLive }),
  value("services[].health.status", whole(100, 599), "Expected status of the GET.", {
    ...server,
    default: 200,
    ...lateLive,
  }),
  ...limitedBy("services[].rate_limit", "of the service, in each direction", server),
  value("services[].max_connections", whole(1, 1_000_000), "Connections at the same time.", {
    ...server,
    derived: "unlimited",
    ...lateLive,
    example: "500",
  }),
];

const monitoring: Setting[] = [
  value("monitoring.prometheus.enabled", flag, "Serve metrics.", {
    derived: "true when the block is there, else false",
    example: "true",
    effect: { later: true, builtIn: "false" },
  }),
  value("monitoring.prometheus.address", place.address("any"), "Address of the metrics endpoint.", {
    default: "127.0.0.1",
    effect: later,
  }),
  value("monitoring.prometheus.port", whole(1, 65_535), "Its port.", { default: 9090, effect: later }),
  value("monitoring.prometheus.path", place.urlPath, "Its path.", { default: "/metrics", effect: later }),
  value(
    "monitoring.logging.level",
    oneOf("trace", "debug", "info", "warn", "error", "fatal"),
    "Least important level that is logged.",
    {
      default: "info",
      ...live,
    },
  ),
  value("monitoring.logging.format", oneOf("json", "text"), "One JSON object a line, or text for people.", {
    default: "json",
  }),
  value("monitoring.logging.output", place.logOutput, "Where the log goes.", { default: "stdout" }),
];

const control: Setting[] = [
  value("control.socket", place.path, "Unix socket of the control channel.", {
    derived: "/run/sssonector/NAME.sock",
    example: "/run/sssonector/edge-01.sock",
  }),
  value("control.group", place.group, "Group whose members may look.", { example: "sssonector" }),
  list("control.operators", place.principal, "Users, and groups with a leading @, that may act.", {
    default: ["root"],
    ...live,
  }),
  value("control.tcp.listen", place.hostPort("address"), "Loopback address and port of the control channel over TCP.", {
    effect: later,
    example: "127.0.0.1:7433",
  }),
  value("control.tcp.token_file", place.path, "Its tokens, one `viewer TOKEN` or `operator TOKEN` a line.", {
    effect: later,
    example: "control.tokens",
  }),
];

function limitedBy(path: string, whose: string, mode: Rest): Setting[] {
  return [
    value(`${path}.base_rate`, rate, `Rate ${whose}.`, { ...mode, default: "unlimited", ...lateLive }),
    value(`${path}.burst_size`, burst, "What may pass at once above the rate; packets or bytes as the rate is.", {
      ...mode,
      derived: "100 ms of base_rate",
      ...lateLive,
      example: path === "rate_limit" ? "1000" : "4MB",
    }),
  ];
}

export const settingsTable: readonly Setting[] = [
  ...core,
  ...network,
  ...cluster,
  ...tunnel,
  ...security,
  ...access,
  ...resources,
  ...traffic,
  ...services,
  ...monitoring,
  ...control,
];

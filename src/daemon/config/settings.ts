import type { Burst, Rate } from "../../shared/units.ts";

/**
 * The settings as the daemon uses them: the YAML's names, every key present, parsed values. Durations are milliseconds,
 * sizes bytes, prefixes canonical text ("10.8.0.1/16", "fd00:8::/48"), paths absolute. table.ts says what each means.
 */
export type Settings = ServerSettings | ClientSettings;

export function isServer(settings: Settings): settings is ServerSettings {
  return settings.core.mode === "server";
}

export interface ServerSettings extends CommonSettings {
  core: CoreSettings & { mode: "server" };
  network: NetworkSettings & ServerNetworkSettings;
  cluster: { secret_file: string | undefined; region: string | undefined; id: string | undefined };
  tunnel: { listen: HostPort };
  access: AccessSettings;
  limits: { handshakes_pending: number; per_source: { pending: number; rate: number; burst: number } };
  services: ServiceSettings[];
}

export interface ClientSettings extends CommonSettings {
  core: CoreSettings & { mode: "client" };
  network: NetworkSettings & { accept_routes: AcceptRoutes };
  tunnel: { endpoints: EndpointSettings[] };
}

export interface CommonSettings {
  security: SecuritySettings;
  performance: { buffer_size: number; tcp_keepalive: boolean; connection_timeout: number };
  pool: { initial_size: number; max_size: number; idle_timeout: number; cleanup_interval: number };
  buffers: { size: number; pool_size: number; prealloc: boolean; cleanup_interval: number };
  rate_limit: RateLimitSettings;
  balancer: { strategy: Strategy; mode: "session" | "flow" };
  circuit_breaker: CircuitBreakerSettings;
  health: { interval: number; timeout: number; rise: number; fall: number };
  monitoring: { prometheus: PrometheusSettings; top_talkers: boolean; logging: LoggingSettings };
  control: ControlSettings;
}

export interface HostPort {
  /** A name or an address; IPv6 without brackets. */
  host: string;
  port: number;
}

/** PEM in a file, or written in the configuration itself. */
export type PemSource = { kind: "file"; path: string } | { kind: "inline"; pem: string };

/** Which pushed routes a client takes; a default route only when the list names it. */
export type AcceptRoutes = "all" | "none" | string[];

export type Strategy = "round_robin" | "least_connections" | "weighted_round_robin" | "p2c_ewma" | "rendezvous";

export interface CoreSettings {
  name: string;
  workers: number;
  max_connections: number;
  drain_timeout: number;
  auto_reload: boolean;
  state_dir: string;
}

export interface NetworkSettings {
  interface: string;
  mtu: number;
  compression: boolean;
  routes: string[];
}

/** At least one of address and address6 is there; pool and pool6 are inside their prefixes. */
export interface ServerNetworkSettings {
  address: string | undefined;
  address6: string | undefined;
  /** The slice to lease from: `network.pool`, or the whole prefix of `address`; undefined without `address`. */
  pool: string | undefined;
  pool6: string | undefined;
  forwarding: { mode: "none" | "nat" | "proxy_arp"; interface: string | undefined };
}

export interface EndpointSettings {
  name: string;
  identity: string;
  address: HostPort;
  weight: number;
  priority: number;
}

export interface SecuritySettings {
  tls: {
    enabled: true;
    min_version: "1.2" | "1.3";
    cert: PemSource;
    key: PemSource;
    ca: PemSource;
    crl: PemSource | undefined;
    server_name: string | undefined;
  };
  certificates: { auto_reload: boolean; rotation_interval: number; rotation_bytes: number };
}

export interface AccessSettings {
  default: "allow" | "deny";
  client_to_client: boolean;
  acl: AclRule[];
  identities: IdentitySettings[];
}

export interface IdentitySettings {
  name: string;
  address: string | undefined;
  address6: string | undefined;
  allowed_ips: string[];
  rate_limit: { base_rate: Rate; burst_size: Burst | undefined };
  acl: AclRule[];
}

export interface AclRule {
  action: "allow" | "deny";
  to: string | undefined;
  protocol: "any" | "tcp" | "udp" | "icmp";
  port: { from: number; to: number } | undefined;
}

export interface RateLimitSettings {
  base_rate: Rate;
  burst_size: Burst | undefined;
  adjustment_interval: number;
  min_rate: Rate | undefined;
  max_rate: Rate | undefined;
  adjust: "aimd" | "off";
  global: { base_rate: Rate; burst_size: Burst | undefined };
}

/** Rates in percent. */
export interface CircuitBreakerSettings {
  mode: "enforce" | "observe";
  failure_rate: number;
  slow_rate: number;
  minimum_calls: number;
  consecutive: number;
  slow_call: number;
  window: number;
  open: number;
  open_max: number;
}

export interface ServiceSettings {
  name: string;
  listen: HostPort;
  strategy: Strategy;
  endpoints: { name: string; address: HostPort; weight: number }[];
  connect_timeout: number;
  health: { type: "tcp" | "http"; path: string; status: number };
  rate_limit: { base_rate: Rate; burst_size: Burst | undefined };
  max_connections: number;
  warm_connections: number;
}

export interface PrometheusSettings {
  enabled: boolean;
  address: string;
  port: number;
  path: string;
  per_identity: number;
}

export type LogOutput = { kind: "stdout" } | { kind: "stderr" } | { kind: "file"; path: string };

export interface LoggingSettings {
  level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  format: "json" | "text";
  output: LogOutput;
}

export interface ControlSettings {
  socket: string;
  /** Members of this group view. */
  group: string | undefined;
  /** Users, and groups with a leading "@", that act. */
  operators: string[];
  tcp: { listen: HostPort | undefined; token_file: string | undefined };
}

/**
 * What the daemon says about itself on the control channel. Field names are public (docs/control-protocol.md):
 * snake_case, raw numbers, units in names. No field of a status or a row is optional (null says "none"), since a delta
 * tells new values and can't tell that a field is gone; ids, and names of backends and breakers, are unique.
 */

import type { LogLevel } from "./log-line.ts";

export type DaemonState = "starting" | "ready" | "degraded" | "draining" | "stopping";

export interface Status {
  name: string;
  mode: "server" | "client";
  version: string;
  state: DaemonState;
  uptime_seconds: number;
  pid: number;
  /** Random for each run of the daemon: `seq` of events and `revision` of control start anew with it. */
  boot_id: string;
  interface: string;
  mtu: number;
  inner: string[];
  sessions: number;
  connections: number;
  /**
   * Server: connections that are not links yet, from their TCP connection to HELLO. The rows of `connections` have 64 of them
   * at most, those that have come furthest.
   */
  arriving: number;
  rx_bytes: number;
  tx_bytes: number;
  rx_packets: number;
  tx_packets: number;
  /** Link frames taken by this side's outbound flow, and link frames written to this side's TUN. */
  frames_accepted: number;
  frames_injected: number;
  /** Bytes of frames that went out over links with compression: before it, and after. */
  compressible_bytes: number;
  compressed_bytes: number;
  dropped: Record<string, number>;
  /** Refused handshakes and links that broke the protocol, by reason. */
  refused: Record<string, number>;
  /** Seconds until this daemon's own certificate expires, until the first of its CAs does, until its revocation list does. */
  certificate_expires_seconds: number;
  ca_expires_seconds: number;
  /** Null without a list. */
  crl_expires_seconds: number | null;
  /** Null: none since the start. */
  last_reload: LastReload | null;
  /** Least important level that is logged now. */
  log_level: LogLevel;
  /** Log lines of this run that could not be written. */
  log_lines_lost: number;
  resources: Resources;
  /** Problems that an operator should know of, most severe first. */
  alerts: Alert[];
}

/** What the process uses, some seconds old; null where the system does not say, or sets no limit. */
export interface Resources {
  open_descriptors: number | null;
  most_descriptors: number | null;
  resident_bytes: number;
  most_memory_bytes: number | null;
  /** Memory of the buffers that packets are read into and land in; it grows with traffic (buffers.cleanup_interval). */
  buffer_bytes: number;
  /** Part of it that packets are in. */
  buffer_used_bytes: number;
  /** The longest delay of each thread's event loop in the last minute. */
  loop_delay_ms: Record<string, number>;
  /** Part of the last moment that each thread's event loop worked, in percent. */
  loop_load: Record<string, number>;
}

export interface LastReload {
  /** Milliseconds since the Unix epoch. */
  time_ms: number;
  /** What asked for it: `ctl reload`, SIGHUP, or a change of the config file or of certificate files. */
  trigger: "command" | "signal" | "config_file" | "certificate_files";
  /** failed: nothing changed. */
  result: "done" | "failed";
  message: string;
}

export interface Alert {
  code: string;
  severity: "warning" | "critical";
  message: string;
}

/**
 * Client: connecting (TCP), authenticating (TLS). Server: accepting (nothing of the peer's handshake has come), authenticating
 * (TLS is under way). Both: configuring (HELLO and WELCOME), active, draining, closed.
 */
export type ConnectionState =
  | "connecting"
  | "accepting"
  | "authenticating"
  | "configuring"
  | "active"
  | "draining"
  | "closed";

/**
 * bucket: a rate limit. backend_rtt: the way to the other end takes no more. peer_window: the other end reads too slowly.
 * breaker: its backend's breaker admits no new traffic.
 */
export type LimitedBy = "nothing" | "bucket" | "backend_rtt" | "peer_window" | "breaker";

export interface Connection {
  id: string;
  kind: "link" | "service";
  identity: string;
  session: string;
  /** Client: the endpoint's name. Server: this daemon's name; of a service, the endpoint's, empty while it waits. */
  backend: string;
  /** Outer address of the peer, `host:port`; of a service, the client's inner one. */
  remote: string;
  /** Inner addresses of the session. */
  inner: string[];
  state: ConnectionState;
  since_seconds: number;
  rx_bytes: number;
  tx_bytes: number;
  /** Bits a second over the last second. */
  rx_bps: number;
  tx_bps: number;
  /** Last round trip of a PING, null before the first. */
  rtt_ms: number | null;
  limited_by: LimitedBy;
}

export interface Session {
  id: string;
  identity: string;
  inner: string[];
  epoch: number;
  links: number;
  mtu: number;
  since_seconds: number;
  /** Seconds until the lease lapses when no link is up; null while one is. */
  expires_seconds: number | null;
}

/** A published service of a server. */
export interface Service {
  name: string;
  /** Inner address, `host:port`. */
  listen: string;
  /** down: it listens, and no endpoint takes connections. failed: it can't listen. */
  state: "starting" | "up" | "down" | "failed";
  /** Why it can't listen; null when it does. */
  error: string | null;
  strategy: string;
  endpoints_up: number;
  endpoints_total: number;
  /** Connections that have an endpoint, or try one. */
  connections: number;
  max_connections: number;
  /** Connections that wait for a place, above max_connections. */
  waiting: number;
  /** Connections to endpoints that were made ahead and are not used yet. */
  warm: number;
  /** Since it is published: connections that clients opened. */
  accepted: number;
  /** Of these, reset since no endpoint took connections, or for want of a place. */
  refused: number;
  /** Connects that were made to another endpoint since one failed. */
  retried: number;
  /** Connections for which no endpoint could be reached, or that their endpoint reset. */
  failed: number;
  /** From clients. */
  rx_bytes: number;
  /** To clients. */
  tx_bytes: number;
  /** Bits a second over the last second. */
  rx_bps: number;
  tx_bps: number;
}

/** What the operator wants of a backend: traffic; no new traffic; neither traffic nor checks. */
export type AdminState = "ready" | "drain" | "maint";

/** What the checks and the links say of a backend. */
export type OperationalState = "up" | "down" | "starting" | "stopping";

/** Client: a server's endpoint. Server: an endpoint of a published service. */
export interface Backend {
  /** The endpoint's name; a service's endpoints have the service's name and a slash in front. */
  name: string;
  /** `host:port`. */
  address: string;
  admin: AdminState;
  operational: OperationalState;
  /** Lower is used first. */
  priority: number;
  /** As configured, or as an operator pinned it. */
  weight: number;
  /** What the balancer works with now. */
  effective_weight: number;
  /** An operator set the weight; health, load and slow start don't change it until it is given back (`auto`). */
  weight_pinned: boolean;
  /** Links, or a service's connections. */
  connections: number;
  rtt_ms: number | null;
  /** Failed calls and checks in a row. */
  failures: number;
  breaker: BreakerState;
  /** The published service that it belongs to. */
  service: string | null;
  /** Session mode: the server that this daemon's session is on now. */
  current: boolean;
  /** Since the last change of the admin or the operational state. */
  since_seconds: number;
  /** What the last failure was, also when it is over. */
  last_error: string | null;
}

export type BreakerState = "closed" | "open" | "half-open" | "forced-open" | "disabled" | "observe";

/** The circuit breaker of the backend of the same name. */
export interface Breaker {
  name: string;
  state: BreakerState;
  /** Of the window's calls, 0 to 100 percent. */
  failure_rate: number;
  slow_rate: number;
  /** In the window. */
  calls: number;
  /** Since it opened, or was forced open; null when it is neither. */
  opened_seconds: number | null;
  /** Until it lets a probe through; null when no time is set. */
  retry_in_ms: number | null;
  /** Probes that it still lets through; null when it is not half-open. */
  permits_left: number | null;
  /** What brought it into its present state; null when it was in it from the start. */
  cause: string | null;
  /** Why it last opened, also after it closed; null since the start or a reset. */
  last_cause: string | null;
}

/** A rate limit. */
export interface Bucket {
  /** `global/up`, `identity/NAME/down`, `session/ID/up`, `service/NAME/down`; up is from client to server on both daemons. */
  name: string;
  /** connection: of one session, over all its links. */
  scope: "global" | "identity" | "connection" | "service";
  direction: "up" | "down";
  /** Of `unit`, a second; null: unlimited. */
  rate: number | null;
  /** What may pass at once; null when it is unlimited. */
  burst: number | null;
  /** bytes: inner IP bytes. */
  unit: "bytes" | "packets";
  /** Below zero while the last packets are still to be paid for; null when it is unlimited. */
  tokens: number | null;
  /** Of the rate over the last second, in percent; null when it is unlimited. */
  utilisation: number | null;
  /** How long the packet that last passed had waited. */
  waiting_ms: number;
  /** Packets that were too many since the bucket was made. */
  dropped: number;
  /** An operator set it; it does not follow the configuration until it is given back (`auto`) or expires. */
  pinned: boolean;
  /** Until an operator's limit ends; null: it does not end by itself. */
  expires_seconds: number | null;
}

export interface DaemonEvent {
  /** The daemon's name and run; with `seq` they tell an event from every other one. */
  server: string;
  boot_id: string;
  /** Grows by one for each event of this daemon's run. */
  seq: number;
  /** Milliseconds since the Unix epoch. */
  time_ms: number;
  severity: "info" | "warning" | "critical";
  /** Stable code, as in docs/events.md. */
  code: string;
  message: string;
  /** What the event is about: identities, connection and session ids, reasons. */
  facts: Record<string, string | number>;
}

/** A program that subscribed to the daemon's state. */
export interface Attached {
  /** Number of its connection, unique in this run of the daemon. */
  id: number;
  /** As the audit names its user and process. */
  who: string;
  /** As it called itself at hello: `sssonector top`, `ctl`. */
  client: string;
  role: "viewer" | "operator";
  /** Milliseconds since the Unix epoch. */
  since_ms: number;
  /** The last thing that it did; null when it only looks. */
  last: string | null;
}

/** A change that reverts by itself unless its user confirms it. */
export interface Unconfirmed {
  /** The change's revision. */
  revision: number;
  who: string;
  what: string;
  /** Milliseconds since the Unix epoch. */
  reverts_at_ms: number;
}

/** Who steers the daemon, and what can still be taken back. */
export interface ControlState {
  /** Grows by one with each action that is done. */
  revision: number;
  attached: Attached[];
  unconfirmed: Unconfirmed[];
}

/** Everything that a console draws. */
export interface Snapshot {
  v: 1;
  /** Milliseconds since the Unix epoch at which it was taken. */
  time_ms: number;
  status: Status;
  control: ControlState;
  connections: Connection[];
  sessions: Session[];
  /** In the order of the configuration. */
  backends: Backend[];
  breakers: Breaker[];
  /** Server: published services, in the order of the configuration. */
  services: Service[];
  /** With more than 64 sessions those that limit nothing are left out. */
  buckets: Bucket[];
  top: TopTalkers;
  /** The newest events, oldest first, at most 200. */
  events: DaemonEvent[];
  /** One point a second, oldest first, at most 900. */
  history: HistoryPoint[];
}

/** Traffic of one identity or destination. */
export interface Talker {
  /** An identity, or an address. */
  name: string;
  /** Within the window; rx from the peers, tx to them. */
  rx_bytes: number;
  tx_bytes: number;
  /** Bits a second over the last second. */
  rx_bps: number;
  tx_bps: number;
}

/** Who and what had the most traffic, heaviest first, at most 20 each. */
export interface TopTalkers {
  window_seconds: number;
  /** Exact. */
  identities: Talker[];
  /** Behind the server, or for a client behind the tunnel; from a sample of the packets, empty when it is off. */
  destinations: Talker[];
}

export interface HistoryPoint {
  time_ms: number;
  rx_bps: number;
  tx_bps: number;
  connections: number;
  sessions: number;
  dropped: number;
}

/** The daemon's state at a second of its history. Events and totals over time are in the snapshot and the event log. */
export type Moment = Omit<Snapshot, "v" | "control" | "events" | "history"> & {
  /** Rows that were left out, since the history keeps the busiest connections and the first rows of other tables. */
  omitted: number;
};

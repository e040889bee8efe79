/**
 * The control protocol: JSON-RPC 2.0 in WebSocket text messages (docs/control-protocol.md). Only types and
 * constants, since the command and the console load this file; what checks parameters lives in the daemon.
 */
import type { CertificateReport } from "./certificates.ts";
import type { LogLevel, LogLine } from "./log-line.ts";
import type { Delta } from "./delta.ts";
import type { DaemonEvent, Moment, Snapshot } from "./snapshot.ts";

/** Versions of the protocol that this program speaks, best first. */
export const protocolVersions: readonly number[] = [1];

/** What a connection may do; an operator may do all that a viewer may. */
export type Role = "viewer" | "operator";

export const limits = {
  /** Bytes in one message to the daemon; a larger one closes the connection with code 1009. */
  messageBytes: 65_536,
  clients: 16,
  /** Of these, what only operators get, so that viewers can't lock them out. */
  operatorClients: 2,
  /** Actions a second of one client, also the burst. */
  actionsPerSecond: 20,
  /** Requests of one client that wait for their turn; one more closes the connection with code 1008. */
  pendingRequests: 64,
  rateHz: { min: 0.2, max: 10, default: 1 },
  /** Characters. */
  clientName: 64,
  target: 256,
  logLines: 1_000,
  reason: 200,
  /** Of `set_weight`; 0 takes no new traffic. */
  weight: { min: 0, max: 256 },
  /** Milliseconds of a drain's deadline and of a breaker that is forced open. */
  timeMs: { min: 100, max: 604_800_000 },
  /** Milliseconds in which a change wants to be confirmed. */
  confirmMs: { min: 1_000, max: 3_600_000 },
} as const;

export type NoParams = Record<string, never>;

export interface HelloParams {
  /** Protocol versions that the client speaks. */
  versions: number[];
  /** Name of the client's program, for the daemon's log. */
  client: string;
  /** Rate of a later `subscribe` that names none. */
  rate_hz?: number | undefined;
  /**
   * Addresses of the ssh connection that the client's user works through, so that an action that would cut it is
   * refused; null: none, absent: unknown.
   */
  ssh?: SshConnection | null | undefined;
}

/** Addresses without ports, as in SSH_CONNECTION. */
export interface SshConnection {
  /** Where the user's ssh client is. */
  peer: string;
  /** Where it reached this host. */
  local: string;
}

export interface HelloResult {
  /** The highest version that both sides speak. */
  version: number;
  role: Role;
  /** The daemon's `core.name`. */
  name: string;
  daemon_version: string;
  pid: number;
}

/** One row of `ctl config`. Secrets never appear in `value`. */
export interface ConfigRow {
  key: string;
  value: unknown;
  default: unknown;
  /** Where the value came from: the file's position, the environment variable, or the default. */
  source: string;
  /** Whether a reload applies a change, or a restart is needed. */
  reload: "live" | "restart";
}

export interface ActionParams {
  /** Say what would happen and do nothing. */
  dry_run?: boolean | undefined;
  /** Do it also when it takes the last healthy backend or cuts the user's own connection; refused otherwise, dry runs too. */
  accept_risk?: boolean | undefined;
  /** `control.revision` of the state that the user saw: refused when somebody else acted on the same object since. */
  revision?: number | undefined;
}

export interface KickParams extends ActionParams {
  /** Id of a connection or of a session. */
  target: string;
  /** Told to the peer and written to the audit. */
  reason?: string | undefined;
}

export interface LogsParams {
  /** Lines with a seq above it. */
  since: number;
  /** Least important level; default: every line. */
  level?: LogLevel | undefined;
  /** The newest ones; default 1,000. */
  limit?: number | undefined;
}

export interface LogLevelParams extends ActionParams {
  level: LogLevel;
}

export interface IdentityParams extends ActionParams {
  /** Identity of a peer's certificate; it need not be connected. */
  identity: string;
}

export interface BackendParams extends ActionParams {
  /** Name of a backend. */
  backend: string;
}

/** Without a name: this daemon itself. */
export interface DaemonOrBackendParams extends ActionParams {
  backend?: string | undefined;
}

export interface DrainParams extends DaemonOrBackendParams {
  /** Milliseconds after which what is left is closed; default: none. */
  deadline_ms?: number | undefined;
}

export interface SetWeightParams extends BackendParams {
  /** `auto` gives the weight back to the configuration, health and load. */
  weight: number | "auto";
  /** Milliseconds after which it reverts unless it is confirmed; default: it stays. */
  confirm_within_ms?: number | undefined;
}

export interface SetRateParams extends ActionParams {
  /** Name of a bucket. */
  bucket: string;
  /** Of `unit` a second; null is unlimited, `auto` gives it back to the configuration. */
  rate: number | null | "auto";
  /** Default: bytes. */
  unit?: "bytes" | "packets" | undefined;
  /** Of `unit`; default: 100 ms of the rate. */
  burst?: number | undefined;
  /** Milliseconds until it is given back; default: never. */
  for_ms?: number | undefined;
  /** Milliseconds after which it reverts unless it is confirmed; default: it stays. */
  confirm_within_ms?: number | undefined;
}

/** Exactly one of `backend` and `all`. */
export interface ResetBreakerParams extends ActionParams {
  backend?: string | undefined;
  all?: boolean | undefined;
}

export interface OpenBreakerParams extends BackendParams {
  /** Milliseconds until it works by itself again; default: until it is reset. */
  for_ms?: number | undefined;
}

/** `facts` of an action on a backend or breaker: what it moves, or in a dry run would move. */
export interface MoveFacts extends Record<string, unknown> {
  connections_moved: number;
  /** Bits a second, both directions. */
  bps_moved: number;
  /** Names of the backends that stay healthy. */
  left: string[];
  /** It takes the last healthy backend. */
  last_healthy: boolean;
}

export interface ActionOutcome {
  outcome: "done";
  dry_run: boolean;
  message: string;
  /** `cuts_own: true`: it cuts the connection that its user works through. */
  facts: Record<string, unknown>;
  /** `control.revision` after it. */
  revision: number;
}

/** Copies of inner packets, each as a record of a pcap file of link type 101 (raw IP). */
export interface CaptureResult {
  packets: number;
  /** Packets that were left out since more came than could be taken. */
  dropped: number;
  /** The records, in base64. */
  data: string;
}

/** A page of a moment: its rows come in as many answers as it takes to keep each below 64 KiB. */
export interface MomentPage {
  /** Times of the oldest and the newest second that are kept; null when there is none yet. */
  oldest_ms: number | null;
  newest_ms: number | null;
  /** The second asked for, with the rows from `from` on; null when nobody measured then. */
  moment: Moment | null;
  /** `from` of the next page; null on the last one. */
  next: number | null;
}

/** Parameters and result of every method. */
export interface Methods {
  hello: { params: HelloParams; result: HelloResult };
  snapshot: { params: NoParams; result: Snapshot };
  config: { params: NoParams; result: { rows: ConfigRow[] } };
  events: { params: { since: number }; result: { events: DaemonEvent[] } };
  logs: { params: LogsParams; result: { lines: LogLine[] } };
  metrics: { params: NoParams; result: { text: string } };
  capture: { params: { session?: string | undefined }; result: CaptureResult };
  moment: { params: { at_ms: number; from?: number | undefined }; result: MomentPage };
  subscribe: { params: { rate_hz?: number | undefined }; result: { rate_hz: number } };
  unsubscribe: { params: NoParams; result: NoParams };
  kick: { params: KickParams; result: ActionOutcome };
  reload: { params: ActionParams; result: ActionOutcome };
  stop: { params: ActionParams; result: ActionOutcome };
  drain: { params: DrainParams; result: ActionOutcome };
  ready: { params: DaemonOrBackendParams; result: ActionOutcome };
  maint: { params: BackendParams; result: ActionOutcome };
  set_weight: { params: SetWeightParams; result: ActionOutcome };
  set_rate: { params: SetRateParams; result: ActionOutcome };
  reset_breaker: { params: ResetBreakerParams; result: ActionOutcome };
  open_breaker: { params: OpenBreakerParams; result: ActionOutcome };
  close_breaker: { params: BackendParams; result: ActionOutcome };
  certificates: { params: NoParams; result: CertificateReport };
  revoke: { params: IdentityParams; result: ActionOutcome };
  allow: { params: IdentityParams; result: ActionOutcome };
  rotate: { params: ActionParams; result: ActionOutcome };
  log_level: { params: LogLevelParams; result: ActionOutcome };
  confirm: { params: ActionParams; result: ActionOutcome };
  undo: { params: ActionParams; result: ActionOutcome };
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]["params"];
export type Result<M extends Method> = Methods[M]["result"];

export interface MethodRow {
  role: Role;
  params: string;
  result: string;
  does: string;
}

/** Every method with the role that it needs; docs/control-protocol.md repeats this table. */
export const methods: Readonly<Record<Method, MethodRow>> = {
  hello: {
    role: "viewer",
    params: "versions, client, rate_hz?, ssh?",
    result: "version, role, name, daemon_version, pid",
    does: "first request of a connection: agree on the version",
  },
  snapshot: { role: "viewer", params: "", result: "the snapshot", does: "the daemon's whole state, once" },
  config: {
    role: "viewer",
    params: "",
    result: "rows[]: key, value, default, source, reload",
    does: "the settings in effect, secrets left out",
  },
  events: { role: "viewer", params: "since", result: "events[]", does: "events with a seq above `since`" },
  logs: {
    role: "viewer",
    params: "since, level?, limit?",
    result: "lines[]: seq, time_ms, level, code, message, facts",
    does: "log lines with a seq above `since`; the daemon keeps the newest 2,000",
  },
  metrics: {
    role: "viewer",
    params: "",
    result: "text",
    does: "all metrics in Prometheus' text format, whether or not their endpoint is open",
  },
  capture: {
    role: "operator",
    params: "session?",
    result: "packets, dropped, data",
    does: "inner packets since the last call, as pcap records; the first call begins, 5 s without one ends it",
  },
  moment: {
    role: "viewer",
    params: "at_ms, from?",
    result: "oldest_ms, newest_ms, moment, next",
    does: "the state at a second of the last 15 minutes, in pages: ask again with `from` while `next` is not null",
  },
  subscribe: {
    role: "viewer",
    params: "rate_hz?",
    result: "rate_hz",
    does: "`update` notifications: the snapshot, then deltas at most rate_hz times a second",
  },
  unsubscribe: { role: "viewer", params: "", result: "", does: "end the notifications" },
  kick: {
    role: "operator",
    params: "target, reason?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "close a connection, or a session with its links; the peer may come back",
  },
  reload: {
    role: "operator",
    params: "dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "read the configuration again and apply what can change live",
  },
  stop: {
    role: "operator",
    params: "dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "stop the daemon gracefully",
  },
  drain: {
    role: "operator",
    params: "backend?, deadline_ms?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "no new traffic for a backend; what can move is moved; without a name: for this daemon",
  },
  ready: {
    role: "operator",
    params: "backend?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "take traffic again: end a drain or maint of a backend, or this daemon's drain",
  },
  maint: {
    role: "operator",
    params: "backend, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "neither traffic nor checks for a backend: what it carries is moved or cut",
  },
  set_weight: {
    role: "operator",
    params: "backend, weight, confirm_within_ms?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "pin a backend's weight (0 to 256), or give it back with `auto`",
  },
  set_rate: {
    role: "operator",
    params: "bucket, rate, unit?, burst?, for_ms?, confirm_within_ms?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "set a rate limit (null: unlimited), or give it back to the configuration with `auto`",
  },
  reset_breaker: {
    role: "operator",
    params: "backend?, all?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "close a breaker, or all of them, with empty counters; it works by itself again",
  },
  open_breaker: {
    role: "operator",
    params: "backend, for_ms?, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "force a breaker open: no new links, sessions or flows for its backend",
  },
  close_breaker: {
    role: "operator",
    params: "backend, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "let a breaker admit everything; it counts but does not trip until it is reset",
  },
  certificates: {
    role: "viewer",
    params: "",
    result: "own[], peers[], peers_total, denied[]",
    does: "own certificate, CAs and revocation lists, certificates of peers, identities that were shut out",
  },
  revoke: {
    role: "operator",
    params: "identity, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "shut an identity out of this server for good: its sessions end, its tokens are refused, also after a restart",
  },
  allow: {
    role: "operator",
    params: "identity, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "take back a `revoke`",
  },
  rotate: {
    role: "operator",
    params: "dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "replace every link by one on the newest certificates, the new one first",
  },
  log_level: {
    role: "operator",
    params: "level, dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "log from this level on, until the next reload",
  },
  confirm: {
    role: "operator",
    params: "dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "keep your changes that would revert by themselves",
  },
  undo: {
    role: "operator",
    params: "dry_run?, accept_risk?, revision?",
    result: "outcome, dry_run, message, facts, revision",
    does: "take back your last change of a weight, a backend or a breaker",
  },
};

/** Parameters of the `update` notification. */
export type Update = { kind: "snapshot"; snapshot: Snapshot } | { kind: "delta"; delta: Delta };

/** Every error of the protocol: the number is JSON-RPC's `code`, the name is in `data.kind`. */
export const rpcErrors = {
  parse: { code: -32700, means: "the message is not JSON" },
  invalid_request: { code: -32600, means: "the message is not a JSON-RPC 2.0 request with an id" },
  unknown_method: { code: -32601, means: "this daemon has no such method" },
  invalid_params: { code: -32602, means: "a parameter is missing, unknown or out of range" },
  internal: { code: -32603, means: "the daemon failed to answer; this is a bug" },
  failed: { code: -32000, means: "the action was tried and failed" },
  denied: { code: -32001, means: "the method needs the operator role" },
  not_found: { code: -32002, means: "no such connection, session or backend" },
  refused: { code: -32003, means: "the daemon will not do it now" },
  too_many_actions: { code: -32004, means: "more than 20 actions in a second" },
  version: { code: -32005, means: "no common protocol version, or no hello yet" },
} as const;

export type RpcErrorKind = keyof typeof rpcErrors;

export interface RpcErrorObject {
  code: number;
  message: string;
  data: { kind: RpcErrorKind };
}

export interface RpcRequest {
  jsonrpc: "2.0";
  id: string | number;
  method: string;
  params?: unknown;
}

/** What the daemon sends: an answer to a request (id null when the request had none), or an update. */
export type RpcMessage =
  | { jsonrpc: "2.0"; id: string | number | null; result: unknown }
  | { jsonrpc: "2.0"; id: string | number | null; error: RpcErrorObject }
  | { jsonrpc: "2.0"; method: "update"; params: Update };

import { z } from "zod";
import type * as trust from "../../../src/shared/control/certificates.ts";
import type { LogLine } from "../../../src/shared/control/log-line.ts";
import type { ActionOutcome, ConfigRow } from "../../../src/shared/control/protocol.ts";
import type * as state from "../../../src/shared/control/snapshot.ts";
import { objectOf } from "./held.ts";
import { count, epochMillis, logLevel, text, texts } from "./values.ts";

const breakerState = z.enum(["closed", "open", "half-open", "forced-open", "disabled", "observe"]);

export const connection = objectOf<state.Connection>()({
  id: text,
  kind: z.enum(["link", "service"]),
  identity: text,
  session: text,
  backend: text,
  remote: text,
  inner: texts,
  state: z.enum(["connecting", "accepting", "authenticating", "configuring", "active", "draining", "closed"]),
  since_seconds: z.number(),
  rx_bytes: count,
  tx_bytes: count,
  rx_bps: z.number(),
  tx_bps: z.number(),
  rtt_ms: z.number().nullable(),
  limited_by: z.enum(["nothing", "bucket", "backend_rtt", "peer_window", "breaker"]),
});

export const session = objectOf<state.Session>()({
  id: text,
  identity: text,
  inner: texts,
  epoch: count,
  links: count,
  mtu: count,
  since_seconds: z.number(),
  expires_seconds: z.number().nullable(),
});

export const service = objectOf<state.Service>()({
  name: text,
  listen: text,
  state: z.enum(["starting", "up", "down", "failed"]),
  error: text.nullable(),
  strategy: text,
  endpoints_up: count,
  endpoints_total: count,
  connections: count,
  max_connections: count,
  waiting: count,
  warm: count,
  accepted: count,
  refused: count,
  retried: count,
  failed: count,
  rx_bytes: count,
  tx_bytes: count,
  rx_bps: z.number(),
  tx_bps: z.number(),
});

export const backend = objectOf<state.Backend>()({
  name: text,
  address: text,
  admin: z.enum(["ready", "drain", "maint"]),
  operational: z.enum(["up", "down", "starting", "stopping"]),
  priority: z.number(),
  weight: z.number(),
  effective_weight: z.number(),
  weight_pinned: z.boolean(),
  connections: count,
  rtt_ms: z.number().nullable(),
  failures: count,
  breaker: breakerState,
  service: text.nullable(),
  current: z.boolean(),
  since_seconds: z.number(),
  last_error: text.nullable(),
});

export const breaker = objectOf<state.Breaker>()({
  name: text,
  state: breakerState,
  failure_rate: z.number().min(0).max(100),
  slow_rate: z.number().min(0).max(100),
  calls: count,
  opened_seconds: z.number().nullable(),
  retry_in_ms: z.number().nullable(),
  permits_left: count.nullable(),
  cause: text.nullable(),
  last_cause: text.nullable(),
});

export const bucket = objectOf<state.Bucket>()({
  name: text,
  scope: z.enum(["global", "identity", "connection", "service"]),
  direction: z.enum(["up", "down"]),
  rate: z.number().nullable(),
  burst: z.number().nullable(),
  unit: z.enum(["bytes", "packets"]),
  tokens: z.number().nullable(),
  utilisation: z.number().nullable(),
  waiting_ms: z.number(),
  dropped: count,
  pinned: z.boolean(),
  expires_seconds: z.number().nullable(),
});

export const talker = objectOf<state.Talker>()({
  name: text,
  rx_bytes: count,
  tx_bytes: count,
  rx_bps: z.number(),
  tx_bps: z.number(),
});

export const topTalkers = objectOf<state.TopTalkers>()({
  window_seconds: z.number(),
  identities: z.array(talker),
  destinations: z.array(talker),
});

export const logLine = objectOf<LogLine>()({
  seq: count,
  time_ms: epochMillis,
  level: logLevel,
  code: text,
  message: text,
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const configRow = objectOf<ConfigRow>()({
  key: text,
  value: z.unknown(),
  default: z.unknown(),
  source: text,
  reload: z.enum(["live", "restart"]),
});

export const outcome = objectOf<ActionOutcome>()({
  outcome: z.literal("done"),
  dry_run: z.boolean(),
  message: text,
  facts: z.record(z.string(), z.unknown()),
  revision: count,
});

export const ownCertificate = objectOf<trust.CertificateRow>()({
  kind: z.enum(["certificate", "ca", "crl"]),
  subject: text,
  identity: text.nullable(),
  serial: text.nullable(),
  not_before_ms: epochMillis,
  not_after_ms: epochMillis,
  days_left: z.int(),
  file: text,
  fingerprint: text,
});

export const peerCertificate = objectOf<trust.PeerCertificateRow>()({
  identity: text,
  serial: text,
  not_after_ms: epochMillis,
  days_left: z.int(),
  links: count,
});

export const denied = objectOf<trust.DeniedRow>()({ identity: text, since_ms: epochMillis });

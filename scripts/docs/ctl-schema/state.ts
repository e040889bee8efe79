import { z } from "zod";
import type * as state from "../../../src/shared/control/snapshot.ts";
import { objectOf } from "./held.ts";
import { count, counts, epochMillis, logLevel, text, texts } from "./values.ts";

const daemonState = z.enum(["starting", "ready", "degraded", "draining", "stopping"]);

const resources = objectOf<state.Resources>()({
  open_descriptors: count.nullable(),
  most_descriptors: count.nullable(),
  resident_bytes: count,
  buffer_bytes: count,
  buffer_used_bytes: count,
  most_memory_bytes: count.nullable(),
  loop_delay_ms: z.record(z.string(), z.number()),
  loop_load: z.record(z.string(), z.number()),
});

const lastReload = objectOf<state.LastReload>()({
  time_ms: epochMillis,
  trigger: z.enum(["command", "signal", "config_file", "certificate_files"]),
  result: z.enum(["done", "failed"]),
  message: text,
});

const alert = objectOf<state.Alert>()({ code: text, severity: z.enum(["warning", "critical"]), message: text });

const status = objectOf<state.Status>()({
  name: text,
  mode: z.enum(["server", "client"]),
  version: text,
  state: daemonState,
  uptime_seconds: z.number(),
  pid: count,
  boot_id: text,
  interface: text,
  mtu: count,
  inner: texts,
  sessions: count,
  connections: count,
  rx_bytes: count,
  tx_bytes: count,
  rx_packets: count,
  tx_packets: count,
  arriving: count,
  frames_accepted: count,
  frames_injected: count,
  compressible_bytes: count,
  compressed_bytes: count,
  dropped: counts,
  refused: counts,
  certificate_expires_seconds: z.number(),
  ca_expires_seconds: z.number(),
  crl_expires_seconds: z.number().nullable(),
  last_reload: lastReload.nullable(),
  log_level: logLevel,
  log_lines_lost: count,
  resources,
  alerts: z.array(alert),
});

const event = objectOf<state.DaemonEvent>()({
  server: text,
  boot_id: text,
  seq: count,
  time_ms: epochMillis,
  severity: z.enum(["info", "warning", "critical"]),
  code: text,
  message: text,
  facts: z.record(z.string(), z.union([z.string(), z.number()])),
});

const attached = objectOf<state.Attached>()({
  id: count,
  who: text,
  client: text,
  role: z.enum(["viewer", "operator"]),
  since_ms: epochMillis,
  last: text.nullable(),
});

const unconfirmed = objectOf<state.Unconfirmed>()({
  revision: count,
  who: text,
  what: text,
  reverts_at_ms: epochMillis,
});

const control = objectOf<state.ControlState>()({
  revision: count,
  attached: z.array(attached),
  unconfirmed: z.array(unconfirmed),
});

const historyPoint = objectOf<state.HistoryPoint>()({
  time_ms: epochMillis,
  rx_bps: z.number(),
  tx_bps: z.number(),
  connections: count,
  sessions: count,
  dropped: count,
});

/** What the daemon says of itself as a whole. */
export const daemon = {
  alert,
  attached,
  control,
  daemonState,
  event,
  historyPoint,
  lastReload,
  resources,
  status,
  unconfirmed,
};

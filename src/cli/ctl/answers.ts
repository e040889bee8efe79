import type { CertificateReport } from "../../shared/control/certificates.ts";
import type { LogLine } from "../../shared/control/log-line.ts";
import type { ActionOutcome, ConfigRow } from "../../shared/control/protocol.ts";
import type {
  Alert,
  Backend,
  Breaker,
  Bucket,
  Connection,
  DaemonEvent,
  DaemonState,
  Service,
  Session,
  Snapshot,
  Status,
  TopTalkers,
} from "../../shared/control/snapshot.ts";

/** What `--json` prints for each verb, beside `v`; docs/ctl.schema.json is held to it. No field is optional. */
export interface Answers {
  status: Status;
  health: HealthAnswer;
  connections: { connections: Connection[] };
  sessions: { sessions: Session[] };
  backends: { backends: Backend[] };
  breakers: { breakers: Breaker[] };
  certificates: CertificateReport;
  services: { services: Service[] };
  buckets: { buckets: Bucket[] };
  events: { events: DaemonEvent[] };
  "top-talkers": TopTalkers;
  logs: { lines: LogLine[] };
  /** Prometheus' text format. */
  metrics: { text: string };
  config: { config: ConfigRow[] };
  snapshot: Omit<Snapshot, "v">;
  version: VersionAnswer;
  capture: CaptureAnswer;
  record: RecordAnswer;
  wait: WaitAnswer;
  /** Of every action. */
  outcome: ActionOutcome;
  /** A line of `events --follow`. */
  event: DaemonEvent;
  /** A line of `logs --follow`. */
  log_line: LogLine;
}

export interface HealthAnswer {
  health: "ok" | "degraded" | "critical" | "unreachable";
  /** Null when it is unreachable. */
  state: DaemonState | null;
  alerts: Alert[];
  /** Names. */
  backends_down: string[];
  breakers_not_closed: string[];
}

export interface VersionAnswer {
  /** Of the command. */
  version: string;
  daemon: { name: string; version: string; pid: number; protocol: number };
}

export interface CaptureAnswer {
  file: string;
  packets: number;
  /** Packets that were left out since more came than could be taken. */
  dropped: number;
}

export interface RecordAnswer {
  file: string;
  lines: number;
}

/** The daemon when it was as asked. */
export interface WaitAnswer {
  name: string;
  state: DaemonState;
  sessions: number;
  connections: number;
  /** Of drained=B and up=B, else null. */
  backend: Backend | null;
  /** Of breaker-closed=B, else null. */
  breaker: Breaker | null;
}

import type { Millis, Timer } from "../shared/clock.ts";
import type { Backend as BackendRow } from "../shared/control/snapshot.ts";
import type { AdminState, Backend } from "./balance/eligible.ts";
import type { PeakRtt } from "./balance/rtt.ts";
import type { Candidate } from "./balance/strategy.ts";
import { effectiveWeight, initialFactor, slowStart, type WeightFactor } from "./balance/weights.ts";
import type { Breaker, Permit } from "./breaker/breaker.ts";
import { type CheckState, checksStart, recoveredAt } from "./health/check-state.ts";

/** One endpoint, as configured: a client's server, or where a published service runs. */
export interface BackendSettings {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly weight: number;
  readonly priority: number;
}

/** What only the caller knows of a backend for its row and for dry runs. */
export interface Usage {
  readonly connections: number;
  /** Bits a second, both directions. */
  readonly bps: number;
  readonly current: boolean;
}

/** What is known of one backend. */
export interface Entry<S extends BackendSettings> {
  settings: S;
  readonly breaker: Breaker;
  admin: AdminState;
  check: CheckState;
  factor: WeightFactor;
  pinned: number | undefined;
  peak: PeakRtt | undefined;
  average: Millis | undefined;
  sessions: number | undefined;
  loadHint: number;
  connections: number;
  lastError: string | undefined;
  probedAt: Millis | undefined;
  /** The check that is under way. */
  probe: Permit | undefined;
  /** A session that is up and young: its death is a failed call. */
  young: Permit | undefined;
  changedAt: Millis;
  deadline: Timer | undefined;
}

/** A backend of which nothing is known yet. */
export function newEntry<S extends BackendSettings>(settings: S, breaker: Breaker, now: Millis): Entry<S> {
  return {
    settings,
    breaker,
    admin: "ready",
    check: checksStart(now),
    factor: initialFactor(now),
    pinned: undefined,
    peak: undefined,
    average: undefined,
    sessions: undefined,
    loadHint: 1,
    connections: 0,
    lastError: undefined,
    probedAt: undefined,
    probe: undefined,
    young: undefined,
    changedAt: now,
    deadline: undefined,
  };
}

/** As the balancer sees it. */
export function viewOf(entry: Entry<BackendSettings>, now: Millis): Backend & Candidate {
  const { settings, breaker, check } = entry;
  const view = breaker.view();
  return {
    name: settings.name,
    priority: settings.priority,
    admin: entry.admin,
    operational: check.kind,
    weight: effectiveWeight(settings.weight, entry.factor, entry.pinned),
    ramp: slowStart(recoveredAt(check), now),
    rejected: view.state === "open" && view.last_cause === "policy",
    connections: entry.connections,
    sessions: entry.sessions,
    rtt: entry.peak,
  };
}

/** As the operator sees it; `fall` failed checks took it down. */
export function rowOf(
  entry: Entry<BackendSettings>,
  { connections, current }: Usage,
  { fall, service }: { readonly fall: number; readonly service: string | undefined },
  now: Millis,
): BackendRow {
  const { settings, check } = entry;
  return {
    name: settings.name,
    address: `${settings.address.host}:${settings.address.port}`,
    admin: entry.admin,
    operational: check.kind,
    priority: settings.priority,
    weight: entry.pinned ?? settings.weight,
    effective_weight: Math.round(viewOf(entry, now).weight * 100) / 100,
    weight_pinned: entry.pinned !== undefined,
    connections,
    rtt_ms: entry.average === undefined ? null : Math.round(entry.average * 1000) / 1000,
    failures: check.kind === "down" ? fall : check.failures,
    breaker: entry.breaker.view().state,
    service: service ?? null,
    current,
    since_seconds: Math.round((now - Math.max(check.since, entry.changedAt)) / 1000),
    last_error: entry.lastError ?? null,
  };
}

import type { Alert, Breaker as BreakerRow } from "../shared/control/snapshot.ts";
import type { BackendSettings, Entry } from "./backend-entry.ts";

/** Backends that should serve and do not, or whose last calls and checks failed. */
export function backendAlerts(entries: readonly Entry<BackendSettings>[]): Alert[] {
  return entries
    .filter(({ check, admin }) => admin !== "maint" && (check.kind === "down" || check.failures > 0))
    .map(({ settings, check, lastError }) => ({
      code: check.kind === "down" ? "backend_down" : "backend_failing",
      severity: "warning",
      message: `${settings.name} ${check.kind === "down" ? "is down" : "fails"}${lastError === undefined ? "" : `: ${lastError}`}`,
    }));
}

/** Breakers that let not everything through. */
export function breakerAlerts(rows: readonly BreakerRow[]): Alert[] {
  return rows
    .filter(({ state }) => state === "open" || state === "half-open" || state === "forced-open")
    .map(({ name, state, cause }) => ({
      code: "breaker_open",
      severity: "warning",
      message: `breaker of ${name} is ${state}${cause === null ? "" : ` (${cause})`}`,
    }));
}

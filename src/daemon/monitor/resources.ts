import type { Alert, Resources } from "../../shared/control/snapshot.ts";

/** Share of a limit from which on an operator should know. */
const near = 0.9;
/** An event loop that was this late once in the last minute, in seconds. */
const late = 1;

/** What of this process is close to a limit. */
export function resourceAlerts(use: Resources): Alert[] {
  const alerts: Alert[] = [];
  const warn = (code: string, message: string): void => void alerts.push({ code, severity: "warning", message });
  const { open_descriptors: open, most_descriptors: most } = use;
  if (open !== null && most !== null && open >= near * most) {
    warn("descriptors_short", `${open} of ${most} file descriptors are open (LimitNOFILE)`);
  }
  if (use.most_memory_bytes !== null && use.resident_bytes >= near * use.most_memory_bytes) {
    const share = Math.round((100 * use.resident_bytes) / use.most_memory_bytes);
    warn("memory_short", `${share} % of the memory limit is in use (MemoryMax)`);
  }
  for (const [thread, delay] of Object.entries(use.loop_delay_ms)) {
    if (delay >= late * 1000) warn("loop_late", `thread ${thread} was ${Math.round(delay)} ms late in the last minute`);
  }
  return alerts;
}

import type { Alert, Snapshot } from "../../shared/control/snapshot.ts";
import { span } from "../draw/format.ts";
import type { Glyphs } from "../draw/glyphs.ts";
import { fit, type Line, seg } from "../draw/line.ts";
import { cut, drawable } from "../draw/text.ts";

function alertLine(alert: Alert, more: number, columns: number, glyphs: Glyphs): Line {
  const critical = alert.severity === "critical";
  const sign = seg(` ${critical ? glyphs.critical : glyphs.warning} `, critical ? "critical" : "warn");
  const tail = more > 0 ? `  +${more} more` : "";
  const text = ` ${drawable(alert.code)}: ${drawable(alert.message)}`;
  return fit([sign, seg(cut(text, columns - 3 - tail.length, glyphs.cut), "warn"), seg(tail, "dim")], columns);
}

/** What the daemon alerts of, after the changes that wait to be confirmed. */
export function alertsOf({ control, status, time_ms }: Snapshot): Alert[] {
  const waiting = control.unconfirmed.map(({ what, who, reverts_at_ms }): Alert => {
    const left = span(Math.max(0, Math.ceil((reverts_at_ms - time_ms) / 1000)));
    return {
      code: "unconfirmed",
      severity: "warning",
      message: `${what} by ${who} reverts in ${left}; c keeps it, u undoes it`,
    };
  });
  return [...waiting, ...status.alerts];
}

/** The most severe alerts, one a line; the last line says how many are not shown. */
export function alertLines(alerts: readonly Alert[], lines: number, columns: number, glyphs: Glyphs): Line[] {
  return alerts
    .slice(0, lines)
    .map((alert, at) => alertLine(alert, at === lines - 1 ? alerts.length - lines : 0, columns, glyphs));
}

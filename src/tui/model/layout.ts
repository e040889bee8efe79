/** How the rows of a screen are shared out; a pure function of its size. */
import type { State } from "./state.ts";

export interface Layout {
  /** Below 60x12: one fact a line instead of panels. */
  readonly small: boolean;
  /** Lines of the throughput panel: 1 and 2 are sparklines, more is a box with a graph. */
  readonly throughput: number;
  readonly alerts: number;
  /** Lines of the table without its header. */
  readonly table: number;
  /** Whether backends, breakers and buckets have a line. */
  readonly paths: boolean;
  /** Lines of the event strip with its rule; 0 on the events tab. */
  readonly strip: number;
  /** Whether backends, breakers and buckets have a column of their own beside the events, in place of a line. */
  readonly beside: boolean;
  /** Whether the ctl twin has a line of its own. */
  readonly twin: boolean;
}

function throughputLines(rows: number): number {
  if (rows < 16) return 1;
  if (rows < 30) return 2;
  return rows < 45 ? 6 : 8;
}

function stripLines(rows: number): number {
  if (rows < 18) return 0;
  if (rows < 24) return 2;
  if (rows < 30) return 4;
  return rows < 45 ? 7 : 9;
}

/** Lines that are always there: title, tabs, header and keys. */
const fixedLines = 4;

export function layout({ columns, rows, snapshot, tab }: Pick<State, "columns" | "rows" | "snapshot" | "tab">): Layout {
  const throughput = throughputLines(rows);
  const wanted = snapshot === undefined ? 0 : snapshot.status.alerts.length + snapshot.control.unconfirmed.length;
  const alerts = Math.min(wanted, rows < 16 ? 1 : rows < 30 ? 2 : 4);
  const some = (snapshot?.backends.length ?? 0) > 0;
  const beside = some && columns >= 120 && rows >= 30 && tab !== "events";
  const strip = tab === "events" ? 0 : stripLines(rows) + (beside ? 1 : 0);
  const twin = rows >= 20;
  const paths = rows >= 22 && some && !beside;
  const table = rows - fixedLines - throughput - alerts - strip - (twin ? 1 : 0) - (paths ? 1 : 0);
  return { small: columns < 60 || rows < 12, throughput, alerts, table, paths, strip, beside, twin };
}

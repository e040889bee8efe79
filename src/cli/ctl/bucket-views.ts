import type { Bucket, Snapshot } from "../../shared/control/snapshot.ts";
import { printable } from "../../shared/text.ts";
import { formatBurst, formatRate } from "../../shared/units.ts";
import { timeSpan } from "./human.ts";
import type { View } from "./read.ts";
import { table } from "./table.ts";
import { alertLines } from "./views.ts";

export const bucketsView: View<Snapshot> = {
  fetch: (client) => client.call("snapshot", {}),
  json: ({ buckets }) => ({ buckets }),
  text: ({ status, buckets }) => `${alertLines(status.alerts)}${bucketsTable(buckets)}`,
};

function bucketsTable(rows: Bucket[]): string {
  return table<Bucket>(
    [
      { title: "NAME", cell: (row) => printable(row.name) },
      { title: "RATE", right: true, cell: rate },
      { title: "BURST", right: true, cell: burst },
      { title: "TOKENS", right: true, cell: (row) => String(row.tokens ?? "-") },
      { title: "USED", right: true, cell: ({ utilisation: used }) => (used === null ? "-" : `${Math.round(used)}%`) },
      { title: "WAITING", right: true, cell: (row) => (row.rate === null ? "-" : `${row.waiting_ms.toFixed(1)} ms`) },
      { title: "DROPPED", right: true, cell: (row) => String(row.dropped) },
      { title: "SET BY", cell: setBy },
    ],
    rows,
    "no buckets",
  );
}

function rate({ rate: perSecond, unit }: Bucket): string {
  if (perSecond === null) return "unlimited";
  const text = formatRate({ kind: unit, per_second: perSecond });
  return unit === "packets" ? `${text} packets/s` : text;
}

function burst({ burst: amount, unit }: Bucket): string {
  return amount === null ? "-" : formatBurst({ kind: unit, amount });
}

function setBy({ pinned, expires_seconds: left }: Bucket): string {
  if (!pinned) return "config";
  return left === null ? "operator" : `operator, ends in ${timeSpan(left)}`;
}

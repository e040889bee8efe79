import type { Session } from "../../shared/control/snapshot.ts";
import { span } from "../draw/format.ts";
import { seg } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
import { figure, label } from "./columns.ts";
import { defineTable, type Table } from "./table.ts";

export const sessions: Table = defineTable<Session>({
  name: "sessions",
  title: "Sessions",
  short: "Sess",
  noun: "session",
  sort: { column: "identity", descending: false },
  rows: (snapshot) => snapshot.sessions,
  id: (row) => row.id,
  label: (row) => `session ${row.id} of ${row.identity}`,
  offer: () => "kick",
  words: (row) => [row.id, row.identity, ...row.inner].join(" "),
  columns: [
    label(["id", "ID", 8, 18, 0], (row) => row.id, "dim"),
    label(["identity", "IDENTITY", 14, 24, 0], (row) => row.identity, "strong"),
    {
      key: "inner",
      title: "INNER ADDRESSES",
      min: 16,
      max: 44,
      priority: 1,
      cell: (row) => seg(drawable(row.inner.join(" "))),
      order: (row) => row.inner[0] ?? "",
    },
    figure(
      ["links", "LINKS", 6, 6, 1],
      (row) => row.links,
      (row) => seg(String(row.links), row.links === 0 ? "warn" : "good"),
    ),
    figure(
      ["mtu", "MTU", 6, 6, 4],
      (row) => row.mtu,
      (row) => seg(String(row.mtu)),
    ),
    figure(
      ["epoch", "EPOCH", 6, 6, 5],
      (row) => row.epoch,
      (row) => seg(String(row.epoch)),
    ),
    figure(
      ["age", "AGE", 6, 6, 3],
      (row) => row.since_seconds,
      (row) => seg(span(row.since_seconds), "dim"),
    ),
    {
      key: "lapses",
      title: "LAPSES",
      min: 7,
      max: 7,
      priority: 2,
      right: true,
      cell: (row, { glyphs }) =>
        row.expires_seconds === null ? seg(glyphs.none, "faint") : seg(span(row.expires_seconds), "warn"),
      order: (row) => row.expires_seconds ?? Number.MAX_SAFE_INTEGER,
    },
  ],
});

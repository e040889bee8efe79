import type { Snapshot, Talker } from "../../shared/control/snapshot.ts";
import { bytes, rate } from "../draw/format.ts";
import { seg } from "../draw/line.ts";
import { figure, label } from "./columns.ts";
import { defineTable, type Table } from "./table.ts";

/** Who talks, or whom they talk to, with the share of all of its kind within the window. */
interface Row extends Talker {
  readonly kind: "identity" | "destination";
  /** 0 to 1. */
  readonly share: number;
}

function ranked(kind: Row["kind"], talkers: readonly Talker[]): Row[] {
  const all = talkers.reduce((sum, { rx_bytes, tx_bytes }) => sum + rx_bytes + tx_bytes, 0);
  return talkers.map((one) => ({ ...one, kind, share: all === 0 ? 0 : (one.rx_bytes + one.tx_bytes) / all }));
}

/** Every row of the table, identities first. */
export function talkersOf({ top }: Pick<Snapshot, "top">): Row[] {
  return [...ranked("identity", top.identities), ...ranked("destination", top.destinations)];
}

function bytesOf({ rx_bytes, tx_bytes }: Row): number {
  return rx_bytes + tx_bytes;
}

export const topTalkers: Table = defineTable<Row>({
  name: "top-talkers",
  title: "Talkers",
  short: "Talk",
  noun: "talker",
  sort: { column: "bytes", descending: true },
  rows: talkersOf,
  id: ({ kind, name }) => `${kind} ${name}`,
  label: ({ kind, name }) => `${kind} ${name}`,
  words: ({ kind, name }) => `${kind} ${name}`,
  columns: [
    label(["kind", "KIND", 12, 12, 0], ({ kind }) => kind, "dim"),
    label(["name", "NAME", 16, 40, 0], ({ name }) => name, "strong"),
    figure(
      ["tx", "TX/s", 7, 7, 1],
      ({ tx_bps }) => tx_bps,
      ({ tx_bps }) => seg(rate(tx_bps)),
    ),
    figure(
      ["rx", "RX/s", 7, 7, 1],
      ({ rx_bps }) => rx_bps,
      ({ rx_bps }) => seg(rate(rx_bps)),
    ),
    figure(["bytes", "LAST 60 s", 10, 10, 2], bytesOf, (row) => seg(bytes(bytesOf(row)))),
    figure(
      ["share", "SHARE", 6, 6, 3],
      ({ share }) => share,
      ({ share }) => seg(`${Math.round(share * 100)}%`),
    ),
  ],
});

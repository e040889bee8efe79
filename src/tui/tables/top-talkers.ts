import type { Snapshot, Talker } from "../../shared/control/snapshot.ts";
import { bytes, rate } from "../draw/format.ts";
import { seg } from "../draw/line.ts";
import { drawable } from "../draw/text.ts";
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
    {
      key: "kind",
      title: "KIND",
      min: 12,
      max: 12,
      priority: 0,
      cell: ({ kind }) => seg(kind, "dim"),
      order: ({ kind }) => kind,
    },
    {
      key: "name",
      title: "NAME",
      min: 16,
      max: 40,
      priority: 0,
      cell: ({ name }) => seg(drawable(name), "strong"),
      order: ({ name }) => name,
    },
    {
      key: "tx",
      title: "TX/s",
      min: 7,
      max: 7,
      priority: 1,
      right: true,
      cell: ({ tx_bps }) => seg(rate(tx_bps)),
      order: ({ tx_bps }) => tx_bps,
      descending: true,
    },
    {
      key: "rx",
      title: "RX/s",
      min: 7,
      max: 7,
      priority: 1,
      right: true,
      cell: ({ rx_bps }) => seg(rate(rx_bps)),
      order: ({ rx_bps }) => rx_bps,
      descending: true,
    },
    {
      key: "bytes",
      title: "LAST 60 s",
      min: 10,
      max: 10,
      priority: 2,
      right: true,
      cell: ({ rx_bytes, tx_bytes }) => seg(bytes(rx_bytes + tx_bytes)),
      order: ({ rx_bytes, tx_bytes }) => rx_bytes + tx_bytes,
      descending: true,
    },
    {
      key: "share",
      title: "SHARE",
      min: 6,
      max: 6,
      priority: 3,
      right: true,
      cell: ({ share }) => seg(`${Math.round(share * 100)} %`),
      order: ({ share }) => share,
      descending: true,
    },
  ],
});

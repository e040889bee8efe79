import { SssonectorError } from "../../shared/errors.ts";
import type { Talker, TopTalkers } from "../../shared/control/snapshot.ts";
import { printable } from "../../shared/text.ts";
import { bitRate, byteCount } from "./human.ts";
import type { View } from "./read.ts";
import { table } from "./table.ts";

const ways = ["identity", "destination"] as const;

/** Who, or with `--by destination` what, had the most traffic within the last minute. */
export const topTalkersView: View<TopTalkers> = {
  fetch: async (client, { options }) => {
    wayOf(options.by);
    return (await client.call("snapshot", {})).top;
  },
  json: (top) => top,
  text: ({ identities, destinations }, { options }) =>
    wayOf(options.by) === "identity"
      ? talkers("IDENTITY", identities, "no traffic within the last minute")
      : talkers("DESTINATION", destinations, "no traffic within the last minute, or monitoring.top_talkers is off"),
};

function wayOf(text: string | undefined): (typeof ways)[number] {
  const way = ways.find((one) => one === (text ?? "identity"));
  if (way !== undefined) return way;
  throw new SssonectorError("usage", `--by wants identity or destination (got ${JSON.stringify(text)})`);
}

function talkers(title: string, rows: Talker[], none: string): string {
  const all = rows.reduce((sum, row) => sum + row.rx_bytes + row.tx_bytes, 0);
  return table<Talker>(
    [
      { title, cell: (row) => printable(row.name) },
      { title: "RX NOW", right: true, cell: (row) => bitRate(row.rx_bps) },
      { title: "TX NOW", right: true, cell: (row) => bitRate(row.tx_bps) },
      { title: "RX 60s", right: true, cell: (row) => byteCount(row.rx_bytes) },
      { title: "TX 60s", right: true, cell: (row) => byteCount(row.tx_bytes) },
      { title: "SHARE", right: true, cell: (row) => `${Math.round(((row.rx_bytes + row.tx_bytes) / all) * 100)} %` },
    ],
    rows,
    none,
  );
}

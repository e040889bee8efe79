import { expect, it } from "vitest";
import { bitRate, byteCount, roundTrip, timeSpan } from "../../../src/cli/ctl/human.ts";
import { table } from "../../../src/cli/ctl/table.ts";

it.each([
  [0, "0 b/s"],
  [999, "999 b/s"],
  [1_000, "1.0 kb/s"],
  [999_949, "999.9 kb/s"],
  [999_950, "1.0 Mb/s"],
  [34_000_000, "34.0 Mb/s"],
  [9_400_000_000, "9.4 Gb/s"],
])("%d bits a second is %s", (bps, text) => expect(bitRate(bps)).toBe(text));

it("bytes", () => expect(byteCount(20_000_000)).toBe("20.0 MB"));

it.each([
  [0, "0s"],
  [59.9, "59s"],
  [60, "1m"],
  [93_784, "1d 2h"],
  [86_400 * 90, "90d"],
  [-61, "-1m 1s"],
])("%d seconds is %s", (seconds, text) => expect(timeSpan(seconds)).toBe(text));

it.each([
  [null, "-"],
  [0.256, "0.26 ms"],
  [12.54, "12.5 ms"],
])("a round trip of %s is %s", (rtt, text) => expect(roundTrip(rtt)).toBe(text));

it("columns are aligned, numbers right", () => {
  const columns = [
    { title: "ID", cell: (row: [string, number]) => row[0] },
    { title: "N", right: true, cell: (row: [string, number]) => String(row[1]) },
  ];
  expect(
    table(
      columns,
      [
        ["a", 100],
        ["long", 1],
      ],
      "none",
    ),
  ).toBe("ID      N\na     100\nlong    1\n");
  expect(table(columns, [], "none")).toBe("none\n");
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { filterNumber, matcher } from "../../src/tui/model/filter.ts";
import { tables } from "../../src/tui/tables/index.ts";
import { aConnection, aSnapshot } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

const connections = [
  aConnection("c1", { identity: "laptop-ann", backend: "eu-1", tx_bps: 212e6, rx_bps: 1e3, rtt_ms: 12 }),
  aConnection("c2", { identity: "laptop-bob", backend: "eu-2", tx_bps: 40e6, state: "draining", rtt_ms: null }),
  aConnection("c3", { identity: "office", backend: "eu-1", tx_bps: 0, limited_by: "peer_window", rtt_ms: 240 }),
];
const rows = tables.connections.rows(aSnapshot({ connections }), []);

function shown(filter: string): string[] {
  return rows.filter(matcher(filter)).map(({ id }) => id);
}

test.each([
  ["laptop", ["c1", "c2"]],
  ["laptop !bob", ["c1"]],
  ["down>50M", ["c1"]],
  ["down>=40m down<1g", ["c1", "c2"]],
  ["down=0", ["c3"]],
  ["backend=eu-1", ["c1", "c3"]],
  ["backend!=eu-1", ["c2"]],
  ["state=draining", ["c2"]],
  ["rtt>100", ["c3"]],
  ["session=s-c2", ["c2"]],
  ["LAPTOP DOWN>50M", ["c1"]],
  // Half typed, or no comparison at all: nothing is hidden that a finished filter would show.
  ["down>", ["c1", "c2", "c3"]],
  ["down>x", ["c1", "c2", "c3"]],
  ["!", ["c1", "c2", "c3"]],
  // No such column: it is text.
  ["colour=red", []],
])("%s", (filter, ids) => {
  expect(shown(filter)).toEqual(ids);
});

test("numbers with units", () => {
  expect(["50", "1.5k", "50M", "2gb/s", "10ms", "80%"].map(filterNumber)).toEqual([50, 1500, 50e6, 2e9, 10, 80]);
  expect(["", "M", "-1", "1e3", "0x1"].map(filterNumber)).toEqual(Array.from({ length: 5 }, () => undefined));
});

test("whatever is typed, it is a filter", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (filter) => void shown(filter)));
});

test("typed into the console it hides rows as it grows, and the rest is counted", () => {
  const driver = new Driver().snapshot(aSnapshot({ connections })).press("/", ..."down>50M".split(""), "enter");
  expect(driver.text).toContain("/down>50M 1 of 3");
  expect(driver.text).not.toContain("laptop-bob");
});

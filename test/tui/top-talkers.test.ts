import { expect, it } from "vitest";
import { aSnapshot } from "../fakes/snapshot.ts";
import { Driver, drawn } from "./driver.ts";

it("the talkers' tab ranks identities and destinations by their bytes, with the share of each kind", () => {
  const quiet = { rx_bps: 0, tx_bps: 0 };
  const top = {
    window_seconds: 60,
    identities: [
      { name: "laptop-ann", rx_bytes: 2e6, tx_bytes: 1e6, rx_bps: 4e5, tx_bps: 1e5 },
      { name: "laptop-bob", rx_bytes: 1e6, tx_bytes: 0, ...quiet },
    ],
    destinations: [{ name: "10.20.0.5", rx_bytes: 0, tx_bytes: 8e6, ...quiet }],
  };
  const lines = drawn(new Driver({ columns: 120, rows: 40 }).snapshot(aSnapshot({ top })).press("9").state);
  const rows = lines.filter((line) => /(identity|destination) /.test(line));
  expect(rows[0]).toMatch(/destination +10\.20\.0\.5 .*100%/);
  expect(rows[1]).toMatch(/identity +laptop-ann .*75%/);
  expect(rows[2]).toMatch(/identity +laptop-bob .*25%/);
  expect(lines.some((line) => line.includes("ctl top-talkers --watch"))).toBe(true);
});

import { expect, it } from "vitest";
import { FlowCensus } from "../../src/daemon/session/flow-census.ts";

const kib = 1024;

it("counts flows that move at least 128 KiB, in the direction that has more of them, and begins anew", () => {
  const census = new FlowCensus();
  for (let flow = 1; flow <= 8; flow++) {
    census.note("down", flow, 100 * kib);
    census.note("down", flow, 28 * kib);
    // Their acknowledgements, and what is too little.
    census.note("up", flow + 100, 127 * kib);
  }
  census.note("up", 1, 128 * kib);
  expect(census.take()).toBe(8);
  expect(census.take()).toBe(0);
});

it("sees no use for more links where one carries 500 Mbit/s", () => {
  const census = new FlowCensus();
  for (const [rate, flows] of [
    [62.5e6, 1],
    [62.4e6, 8],
  ] as const) {
    for (let flow = 1; flow <= 8; flow++) census.note("down", flow, rate / 8);
    expect(census.take()).toBe(flows);
  }
});

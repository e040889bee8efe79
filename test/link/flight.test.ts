import { describe, expect, it } from "vitest";
import { type Flight, flightStart, flightStep, isBounded, largestFlight } from "../../src/daemon/link/flight.ts";

/** The flight after `seconds` on a path of so many bytes a millisecond, looked at every 50 ms. */
function after(seconds: number, pace: number, busy: boolean, from: Flight = flightStart(0)): Flight {
  let flight = from;
  const { at, acknowledged: before } = from;
  for (let look = 1; look <= seconds * 20; look++) {
    const now = at + look * 50;
    flight = flightStep(flight, { now, acknowledged: before + pace * (now - at), busy });
  }
  return flight;
}

describe("bytes in flight", () => {
  it.each([
    [2500, 25_000],
    [12_500, 125_000],
    [100, 8192],
    [60_000, 600_000],
  ])("are 10 ms of a path of %d bytes a millisecond: %d", (pace, bytes) => {
    expect(after(1, pace, true)).toMatchObject({ bytes, pace });
    expect(isBounded(after(1, pace, true))).toBe(true);
  });

  it("are as many as there may be on a fast path", () => {
    const flight = after(0.1, 500_000, true);
    expect([flight.bytes, isBounded(flight)]).toEqual([largestFlight, false]);
  });

  it("follow the path down after 100 ms, and up at once", () => {
    const fast = after(1, 500_000, true);
    const at = fast.at;
    const slow = (now: number): Flight =>
      flightStep(fast, { now: at + now, acknowledged: fast.acknowledged + now * 2500, busy: true });
    expect(slow(99)).toBe(fast);
    expect(slow(100)).toMatchObject({ bytes: 25_000 });
    expect(after(0.05, 500_000, true, after(1, 2500, true)).bytes).toBe(largestFlight);
  });

  it("learn nothing from a link with nothing to send", () => {
    const idle = after(10, 20, false);
    expect([idle.bytes, idle.pace]).toEqual([flightStart(0).bytes, undefined]);
    expect(after(10, 20, false, after(1, 2500, true))).toMatchObject({ bytes: 25_000, pace: 2500 });
  });
});

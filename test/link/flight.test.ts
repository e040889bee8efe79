import { describe, expect, it } from "vitest";
import {
  arrivalTime,
  type Flight,
  flightStarved,
  flightStart,
  flightStep,
  isBounded,
  isSettled,
} from "../../src/daemon/link/flight.ts";

interface Path {
  /** Bytes a millisecond. */
  readonly pace: number;
  readonly minRtt?: number;
  readonly busy?: boolean;
}

/** The flight after `seconds` on a path, looked at every 50 ms. */
function after(seconds: number, { pace, minRtt = 0, busy = true }: Path, from: Flight = flightStart(0)): Flight {
  let flight = from;
  const { at, acknowledged: before } = from;
  for (let look = 1; look <= seconds * 20; look++) {
    const now = at + look * 50;
    flight = flightStep(flight, { now, acknowledged: before + pace * (now - at), minRtt, busy });
  }
  return flight;
}

describe("bytes in flight", () => {
  it.each([
    [2500, 0, 25_000],
    [12_500, 0, 125_000],
    [100, 0, 16_384],
    [2500, 40, 225_000],
    [60_000, 100, 12_600_000],
  ])(
    "are 10 ms of a path of %d bytes a millisecond, and two of its round trips of %d ms: %d",
    (pace, minRtt, bytes) => {
      const flight = after(1, { pace, minRtt });
      expect(flight).toMatchObject({ bytes, pace });
      expect(isBounded(flight)).toBe(true);
    },
  );

  it("are as many as the kernel likes on a fast path", () => {
    expect(isBounded(after(0.1, { pace: 500_000 }))).toBe(false);
  });

  it("follow the path up at once, and down to the best of a second", () => {
    const slow = after(1, { pace: 2500 });
    expect(after(0.05, { pace: 9000 }, slow).bytes).toBe(90_000);
    const fast = after(1, { pace: 9000 });
    expect(after(0.9, { pace: 2500 }, fast).bytes).toBe(90_000);
    expect(after(1.2, { pace: 2500 }, fast).bytes).toBe(25_000);
    const wavering = after(0.5, { pace: 2500 }, after(0.6, { pace: 8000 }, fast));
    expect(wavering.bytes).toBeGreaterThan(25_000);
  });

  it("learn nothing from a link with nothing to send", () => {
    const idle = after(10, { pace: 20, busy: false });
    expect([idle.bytes, idle.pace]).toEqual([flightStart(0).bytes, undefined]);
    const known = after(1, { pace: 2500 });
    expect(after(10, { pace: 20, busy: false }, known)).toMatchObject({ bytes: 25_000, pace: 2500 });
  });

  it("are settled half a second after the pace last rose by much", () => {
    expect(isSettled(flightStart(0), 10_000)).toBe(false);
    const rising = after(0.05, { pace: 9000 }, after(1, { pace: 2500 }));
    expect([isSettled(rising, rising.at + 400), isSettled(rising, rising.at + 500)]).toEqual([false, true]);
    const steady = after(0.05, { pace: 2700 }, after(1, { pace: 2500 }));
    expect(isSettled(steady, steady.at)).toBe(true);
  });
});

describe("a link that is kept from its path's pace", () => {
  it("is allowed twice as much when all of it arrived in a third of the time, and the kernel's all after a few of these", () => {
    let flight = flightStart(0);
    const times: number[] = [];
    for (let now = 1; isBounded(flight); now++) {
      times.push(arrivalTime(flight, flight.bytes));
      flight = flightStarved(flight, now);
    }
    expect(times).toEqual([10, 10]);
    expect(flight.bytes).toBe(1024 * 1024);
  });
});

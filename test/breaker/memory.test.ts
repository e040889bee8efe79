import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Breaker } from "../../src/daemon/breaker/breaker.ts";
import { FakeClock } from "../fakes/clock.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A year of calls: settled, forgotten by their caller, rejected, hung; through all automatic states. */
function use(breaker: Breaker, clock: FakeClock, calls: number): void {
  for (let n = 0; n < calls; n++) {
    const acquired = breaker.tryAcquire();
    if (acquired.kind === "permit" && n % 3 !== 0) {
      if (n % 100 < 10) acquired.permit.fail("remote", 5);
      else acquired.permit.ok(5);
    }
    clock.advance(150);
  }
}

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

it("does not grow with calls, not even with those that never end", () => {
  const clock = new FakeClock();
  let changes = 0;
  const onChange = (): void => void changes++;
  const breaker = new Breaker(
    { clock, random: () => 0.5, onChange },
    {
      mode: "enforce",
      failure_rate: 50,
      slow_rate: 80,
      minimum_calls: 5,
      consecutive: 3,
      slow_call: 2000,
      window: 60_000,
      open: 1000,
      open_max: 60_000,
    },
  );
  use(breaker, clock, 20_000);
  const before = heapUsed();
  const moved = changes;
  use(breaker, clock, 200_000);
  expect(heapUsed() - before).toBeLessThan(500_000);
  expect(changes - moved).toBeGreaterThan(1000);
  expect(clock.pending).toBeLessThanOrEqual(1);
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isQuiet,
  type Liveness,
  type LivenessRules,
  type LivenessSample,
  livenessStart,
  livenessStep,
  type LivenessVerdict,
  quietUntil,
  stretched,
} from "../../src/daemon/link/liveness.ts";

const rules: LivenessRules = { interval: 5000, timeout: 3000, misses: 3, stall: 2500 };
const tick = 250;

/** A link whose socket a test plays, ticked every 250 ms. */
class Rig {
  now = 1000;
  received = 0;
  acknowledged = 0;
  outstanding = false;
  #state: Liveness = livenessStart(this.now, rules, 1);

  get state(): Liveness {
    return this.#state;
  }

  tick(by = tick, jitter = 1): LivenessVerdict {
    this.now += by;
    const { now, received, acknowledged, outstanding } = this;
    const { state, verdict } = livenessStep(this.#state, rules, { now, received, acknowledged, outstanding }, jitter);
    this.#state = state;
    return verdict;
  }

  /** Verdicts other than "nothing" within `time`, with how long each took; `play` runs before each tick. */
  run(time: number, play: () => void = () => undefined): [LivenessVerdict, number][] {
    const begun = this.now;
    const verdicts: [LivenessVerdict, number][] = [];
    while (this.now - begun < time) {
      play();
      const verdict = this.tick();
      if (verdict !== "nothing") verdicts.push([verdict, this.now - begun]);
      if (verdict === "stalled" || verdict === "silent") break;
    }
    return verdicts;
  }
}

describe("an idle link", () => {
  it("gets a PING each interval and lives while PONGs come", () => {
    const rig = new Rig();
    let pending = false;
    const verdicts = rig.run(21_000, () => {
      if (pending) rig.received += 20;
      pending = rig.state.ping !== undefined;
    });
    expect(verdicts).toEqual([5000, 10_000, 15_000, 20_000].map((at) => ["ping", at]));
  });

  it("spreads its PINGs by the jitter", () => {
    const rig = new Rig();
    rig.run(5000, () => undefined);
    rig.received += 20;
    expect(rig.tick(1, 1)).toBe("nothing");
    const early = livenessStart(0, rules, 0.9);
    const late = livenessStart(0, rules, 1.1);
    expect([early.nextPingAt, late.nextPingAt]).toEqual([4500, 5500]);
  });

  it("is dead 2.5 s after a PING that the path swallows", () => {
    const rig = new Rig();
    const verdicts = rig.run(20_000, () => {
      rig.outstanding = rig.state.ping !== undefined;
    });
    expect(verdicts).toEqual([
      ["ping", 5000],
      ["stalled", 7500],
    ]);
  });

  it("is dead when the peer's kernel takes the PINGs and its program never answers", () => {
    const rig = new Rig();
    expect(rig.run(60_000)).toEqual([
      ["ping", 5000],
      ["ping", 8000],
      ["ping", 9000],
      ["silent", 10_000],
    ]);
  });

  it("lives when the program answers the last PING in time, and has all its misses again", () => {
    const rig = new Rig();
    rig.run(9000);
    rig.received += 20;
    expect(rig.tick()).toBe("nothing");
    expect(rig.state).toMatchObject({ missed: 0, ping: undefined });
    expect(rig.run(60_000).map(([verdict]) => verdict)).toEqual(["ping", "ping", "ping", "silent"]);
  });
});

it("decides the same when ticks that find a link quiet are left out", () => {
  const tickOf = fc.record({
    heard: fc.boolean(),
    acknowledged: fc.boolean(),
    outstanding: fc.boolean(),
    times: fc.integer({ min: 1, max: 40 }),
  });
  const skipped: number[] = [];
  fc.assert(
    fc.property(fc.array(tickOf, { maxLength: 40 }), (ticks) => {
      let [whole, sparse] = [livenessStart(0, rules, 1), livenessStart(0, rules, 1)];
      let [now, received, acknowledged, quietAt] = [0, 0, 0, Number.NEGATIVE_INFINITY];
      for (const one of ticks.flatMap((played) => Array.from({ length: played.times }, () => played))) {
        now += tick;
        if (one.heard) received += 1;
        if (one.acknowledged) acknowledged += 1;
        const sample: LivenessSample = { now, received, acknowledged, outstanding: one.outstanding };
        const every = livenessStep(whole, rules, sample, 1);
        whole = every.state;
        if (!one.outstanding && !one.acknowledged && isQuiet(sparse, received, now)) {
          quietAt = now;
          skipped.push(now);
          expect(every.verdict).toBe("nothing");
          continue;
        }
        const some = livenessStep(quietUntil(sparse, quietAt), rules, sample, 1);
        sparse = some.state;
        expect(some).toEqual(every);
        if (every.verdict === "stalled" || every.verdict === "silent") return;
      }
    }),
  );
  expect(skipped.length).toBeGreaterThan(100);
});

describe("PINGs of a server", () => {
  it("come less often with its sessions, three times as seldom at ten thousand and no more", () => {
    expect([0, 1000, 5000, 10_000, 50_000].map((sessions) => stretched(5000, sessions))).toEqual([
      5000, 6000, 10_000, 15_000, 15_000,
    ]);
  });
});

describe("a busy link", () => {
  it("gets its PING each interval as well, so that the rtt is known under traffic", () => {
    const rig = new Rig();
    const verdicts = rig.run(20_000, () => {
      rig.received += 1500;
    });
    expect(verdicts).toEqual([5000, 10_000, 15_000, 20_000].map((at) => ["ping", at]));
  });

  it("lives on an uplink where a PONG is never in time", () => {
    const rig = new Rig();
    rig.outstanding = true;
    const verdicts = rig.run(60_000, () => {
      rig.acknowledged += 60_000;
    });
    expect(verdicts).toEqual([["ping", 5000]]);
  });

  it("is given the PONG's whole time from when the last byte in front of it was delivered", () => {
    const rig = new Rig();
    rig.outstanding = true;
    rig.run(12_000, () => {
      rig.acknowledged += 60_000;
    });
    rig.outstanding = false;
    expect(rig.run(60_000)).toEqual([
      ["ping", 3000],
      ["ping", 4000],
      ["silent", 5000],
    ]);
  });

  it("is dead after exactly 2.5 s in which nothing arrived and no acknowledgement grew", () => {
    const rig = new Rig();
    rig.outstanding = true;
    rig.acknowledged = 1;
    rig.tick();
    expect(rig.tick(2499)).toBe("nothing");
    expect(rig.tick(1)).toBe("stalled");
  });

  it.each(["received", "acknowledged"] as const)("lives when one more byte is %s just in time", (what) => {
    const rig = new Rig();
    rig.outstanding = true;
    rig.acknowledged = 1;
    rig.tick();
    for (let round = 0; round < 5; round++) {
      expect(rig.tick(2499)).not.toBe("stalled");
      rig[what] += 1;
      expect(rig.tick(1)).not.toBe("stalled");
    }
  });

  it("that recovers is as good as new", () => {
    const rig = new Rig();
    rig.outstanding = true;
    expect(rig.run(2000)).toEqual([]);
    rig.acknowledged += 1;
    rig.received += 1;
    rig.tick();
    expect(rig.run(2250)).toEqual([]);
    expect(rig.tick()).toBe("stalled");
  });

  it("knows since when the peer takes nothing, though it goes on sending", () => {
    const rig = new Rig();
    rig.outstanding = true;
    rig.acknowledged = 1;
    rig.tick();
    const since = rig.now;
    const verdicts = rig.run(20_000, () => {
      rig.received += 20;
    });
    expect(verdicts.every(([verdict]) => verdict === "ping")).toBe(true);
    expect(rig.state.acknowledgedAt).toBe(since);
    expect(rig.state.progressAt).toBe(rig.now);
  });
});

function verdicts(
  samples: readonly { by: number; jitter: number }[],
  play: (sample: LivenessSample, index: number) => LivenessSample,
): Set<LivenessVerdict> {
  const seen = new Set<LivenessVerdict>();
  let sample: LivenessSample = { now: 0, received: 0, acknowledged: 0, outstanding: true };
  let state = livenessStart(0, rules, 1);
  for (const [index, { by, jitter }] of samples.entries()) {
    sample = play({ ...sample, now: sample.now + by }, index);
    const next = livenessStep(state, rules, sample, jitter);
    state = next.state;
    seen.add(next.verdict);
  }
  return seen;
}

describe("any link", () => {
  const step = fc.record({
    by: fc.integer({ min: 1, max: 2400 }),
    jitter: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
  });

  it("never dies while data is outstanding and acknowledgements keep growing, whatever PONGs do", () => {
    const grow = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 1e9 }), fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(grow, (rows) => {
        const seen = verdicts(
          rows.map(([one]) => one),
          (sample, index) => {
            const [, bytes, heard] = rows[index] as (typeof rows)[number];
            const acknowledged = sample.acknowledged + bytes;
            return { ...sample, acknowledged, received: sample.received + (heard ? 1 : 0), outstanding: true };
          },
        );
        expect(seen).not.toContain("stalled");
        expect(seen).not.toContain("silent");
      }),
    );
  });

  it("never dies while bytes keep arriving", () => {
    const rows = fc.array(fc.tuple(step, fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(rows, (list) => {
        const seen = verdicts(
          list.map(([one]) => one),
          (sample, index) => ({ ...sample, received: sample.received + 1, outstanding: list[index]?.[1] === true }),
        );
        expect(seen).not.toContain("stalled");
        expect(seen).not.toContain("silent");
      }),
    );
  });

  it("without a sign of life is dead within the rules' times", () => {
    // At most 5.5 s to the PING, 3 s to the first miss, 1 s to each other; and a tick late each time.
    const rows = fc.array(fc.record({ by: fc.integer({ min: 100, max: 2400 }), jitter: fc.constant(1.1) }), {
      minLength: 250,
      maxLength: 260,
    });
    fc.assert(
      fc.property(rows, fc.boolean(), (list, outstanding) => {
        const seen = verdicts(list, (sample) => ({ ...sample, outstanding }));
        expect(seen).toContain(outstanding ? "stalled" : "silent");
      }),
    );
  });
});

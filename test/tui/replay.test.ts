import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RecordingWriter } from "../../src/shared/control/recording.ts";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { fetchMoment } from "../../src/tui/moments.ts";
import { Recording } from "../../src/tui/replay/recording.ts";
import { ReplayWire } from "../../src/tui/replay/wire.ts";
import { FakeClock } from "../fakes/clock.ts";
import { aConnection, anEvent, aPoint, aSnapshot, startOfTime } from "../fakes/snapshot.ts";
import { snapshots } from "./arbitrary.ts";
import { Driver, unicodeSetup } from "./driver.ts";

function at(second: number): Snapshot {
  return aSnapshot({
    time_ms: startOfTime + second * 1000,
    connections: [aConnection(`c${second}`)],
    events: [anEvent(second)],
    history: [aPoint(second)],
  });
}

function recorded(...list: Snapshot[]): string {
  const writer = new RecordingWriter();
  return list.map((snapshot) => writer.line(snapshot) ?? "").join("");
}

test("what was recorded is what is replayed, in any order", () => {
  const list = fc.array(snapshots, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(list, fc.array(fc.nat()), (given, jumps) => {
      const timed = given.map((snapshot, second) => ({ ...snapshot, time_ms: startOfTime + second * 1000 }));
      const recording = new Recording(recorded(...timed));
      for (const jump of [...timed.keys(), ...jumps.map((number) => number % timed.length)]) {
        const frame = recording.frameAt(timed[jump]?.time_ms ?? 0);
        expect(recording.snapshotAt(frame)).toEqual(JSON.parse(JSON.stringify(timed[jump])));
      }
    }),
    { numRuns: 40 },
  );
});

test("a long recording has whole snapshots again and again, and one that was cut off is good up to there", () => {
  const text = recorded(...Array.from({ length: 130 }, (_, second) => at(second)));
  const lines = text.trimEnd().split("\n");
  expect(lines.filter((line) => line.includes('"kind":"snapshot"'))).toHaveLength(3);
  const cut = new Recording(text.slice(0, -40));
  expect(cut.length).toBe(129);
  expect(cut.snapshotAt(128).connections[0]?.id).toBe("c128");
});

test("a file that is none says so", () => {
  for (const text of ["", "hello\n{}\n[1]\nnull\n", '{"v":1,"kind":"delta","delta":{"time_ms":1}}']) {
    expect(() => new Recording(text)).toThrow("no snapshot in it");
  }
  expect(() => Recording.load("/nonexistent")).toThrow("can't read the recording");
});

test("it plays as fast as it happened, and any second of it can be asked for, also one that is to come", async () => {
  const clock = new FakeClock();
  const wire = new ReplayWire(new Recording(recorded(at(0), at(1), at(3), at(60))), clock);
  const played: string[] = [];
  await wire.subscribe(1, ({ connections }) => played.push(connections[0]?.id ?? ""));
  clock.advance(1000);
  expect(played).toEqual(["c0", "c1"]);
  clock.advance(2000);
  expect(played).toEqual(["c0", "c1", "c3"]);
  expect((await fetchMoment(wire, startOfTime + 61_000))?.connections[0]?.id).toBe("c60");
  expect(await fetchMoment(wire, startOfTime + 30_000)).toBeUndefined();
  expect((await wire.call("events", { since: 0 })).events.map(({ seq }) => seq)).toEqual([0, 1, 3, 60]);
  await expect(wire.call("stop", {})).rejects.toThrow("this is a recording");
  wire.close();
  clock.advance(60_000);
  expect(played).toHaveLength(3);
});

test("the console says REPLAY, goes ahead of what was played, and can't act", () => {
  const setup = { ...unicodeSetup, recording: { to_ms: startOfTime + 60_000 } };
  const driver = new Driver({ setup, columns: 80, rows: 24 }).snapshot({ ...at(0), history: [aPoint(0), aPoint(50)] });
  expect(driver.lines[0]).toContain("● REPLAY");
  expect(driver.state.snapshot?.history).toHaveLength(1);
  driver.wait(60_000);
  expect(driver.lines[0]).not.toContain("stalled");
  expect(driver.press("down", "x").text).toContain("this is a recording");
  driver.press(">");
  expect(driver.lines[0]).toContain("1m00s AHEAD");
});

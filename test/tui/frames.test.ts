import { describe, expect, test } from "vitest";
import { painter } from "../../src/tui/draw/paint.ts";
import { Frames } from "../../src/tui/ink/frames.ts";
import { initialState } from "../../src/tui/model/state.ts";
import { Store } from "../../src/tui/model/store.ts";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { FakeClock } from "../fakes/clock.ts";
import { aSnapshot, aStatus, startOfTime } from "../fakes/snapshot.ts";
import { unicodeSetup } from "./driver.ts";
import { FakeTerminal } from "./terminal.ts";

interface Rig {
  terminal: FakeTerminal;
  written: string[];
  store: Store;
  frames: Frames;
  clock: FakeClock;
  errors: unknown[];
  show: (snapshot: Snapshot) => void;
}

function rig(): Rig {
  const terminal = new FakeTerminal(80, 24);
  const written: string[] = [];
  const { stdout } = terminal;
  const write = stdout.write.bind(stdout);
  stdout.write = (text: string) => {
    written.push(text);
    return write(text);
  };
  const clock = new FakeClock();
  const store = new Store(initialState(unicodeSetup, 80, 24), () => {});
  const errors: unknown[] = [];
  const paint = painter(0);
  const paints = { orange: paint, light: paint, plain: paint };
  const frames = new Frames({ store, paints, stdout, clock, fps: 10, failed: (error) => errors.push(error) });
  const show = (snapshot: Snapshot): void => store.send({ kind: "snapshot", snapshot, now: clock.now() });
  return { terminal, written, store, frames, clock, errors, show };
}

/** Rows that a write put something on; last it puts the cursor away. */
function rowsIn(text = ""): number[] {
  return text
    .split("\u001b[")
    .flatMap((part) => /^(\d+);1H/.exec(part)?.[1] ?? [])
    .slice(0, -1)
    .map(Number);
}

describe("frames", () => {
  test("the first snapshot is drawn at once, whatever was drawn while it was waited for", () => {
    const { frames, show, written, clock } = rig();
    frames.start();
    expect(written.at(-1)).toContain("no data yet");
    clock.advance(1);
    show(aSnapshot());
    expect(written.at(-1)).toContain(" edge-01");
  });

  test("the first has every line, later ones only those that changed", () => {
    const { frames, show, written, clock } = rig();
    show(aSnapshot());
    frames.start();
    expect(rowsIn(written.at(-1))).toHaveLength(24);
    clock.advance(1000);
    show(aSnapshot({ time_ms: startOfTime + 1000 }));
    expect(rowsIn(written.at(-1))).toEqual([1]);
    const writes = written.length;
    clock.advance(1000);
    show(aSnapshot({ time_ms: startOfTime + 1000 }));
    expect(written).toHaveLength(writes);
  });

  test("are no more than were asked for, and the last one is drawn", () => {
    const { frames, show, written, clock } = rig();
    show(aSnapshot());
    frames.start();
    const before = written.length;
    for (let at = 1; at <= 30; at += 1) show(aSnapshot({ time_ms: startOfTime + at * 1000 }));
    expect(written).toHaveLength(before);
    clock.advance(100);
    expect(written).toHaveLength(before + 1);
    expect(written.at(-1)).toContain(new Date(startOfTime + 30_000).toTimeString().slice(0, 8));
  });

  test("after a resize and after a pause nothing is taken to be on the screen", async () => {
    const { frames, show, written, store, clock, terminal } = rig();
    show(aSnapshot());
    frames.start();
    terminal.resize(60, 12);
    store.send({ kind: "size", columns: 60, rows: 12 });
    clock.advance(200);
    expect(rowsIn(written.at(-1))).toHaveLength(12);
    await terminal.until((text) => text.startsWith(" edge-01") && text.trimEnd().endsWith("q quit"));
    frames.pause();
    const before = written.length;
    clock.advance(1000);
    show(aSnapshot({ status: aStatus({ name: "other" }) }));
    expect(written).toHaveLength(before);
    frames.resume();
    expect(rowsIn(written.at(-1))).toHaveLength(12);
  });

  test("a screen that can't be drawn ends the console", () => {
    const broken = rig();
    broken.store.send({ kind: "snapshot", snapshot: { ...aSnapshot(), history: undefined as never }, now: 0 });
    broken.frames.start();
    expect(broken.errors).toHaveLength(1);
  });
});

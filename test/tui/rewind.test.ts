import { expect, test } from "vitest";
import { History } from "../../src/daemon/monitor/history.ts";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { Feed } from "../../src/tui/feed.ts";
import { performer } from "../../src/tui/perform.ts";
import { initialState, type State } from "../../src/tui/model/state.ts";
import { Store } from "../../src/tui/model/store.ts";
import { FakeClock } from "../fakes/clock.ts";
import { controlRig } from "../fakes/control-server.ts";
import { aBackend, anEvent, aSnapshot, startOfTime } from "../fakes/snapshot.ts";
import { drawn, keyOf, unicodeSetup } from "./driver.ts";

/** Seconds in which eu-1 fails, is drained, and is ready and up again; the console comes at the last one. */
const [fails, drained, well, comes] = [60, 75, 150, 420] as const;

function backendAt(second: number): Snapshot["backends"] {
  const down = second >= fails && second < well;
  const admin = second >= drained && second < well ? "drain" : "ready";
  return [aBackend("eu-1", { operational: down ? "down" : "up", admin }), aBackend("eu-2", { current: true })];
}

const events = [
  anEvent(fails, { code: "backend_down", severity: "warning", message: "eu-1: up to down (connection_refused)" }),
  anEvent(drained, { code: "operator_action", message: "drained eu-1" }),
  anEvent(well, { code: "backend_changed", message: "eu-1: down to up" }),
];

function snapshotAt(second: number): Snapshot {
  // The daemon measures somewhere within a second.
  const time_ms = startOfTime + second * 1000 + 400;
  const past = events.filter((event) => event.time_ms <= time_ms);
  return aSnapshot({ time_ms, backends: backendAt(second), events: past });
}

/** Seven minutes of a daemon, as it keeps them, behind its control channel; the clock that made them was not waited for. */
async function daemon(): Promise<Awaited<ReturnType<typeof controlRig>>> {
  const rig = await controlRig();
  const history = new History();
  for (let second = 0; second <= comes; second += 1) {
    const { v: _v, control: _control, top: _top, events: _events, history: _history, ...kept } = snapshotAt(second);
    history.record(kept, 0);
  }
  rig.backend.moment = (at_ms) => history.at(at_ms);
  rig.backend.set(snapshotAt(comes));
  return rig;
}

/** Nothing that was asked for is still to come. */
function settled({ time, snapshot }: State): boolean {
  return snapshot !== undefined && !(time.kind === "past" && time.shows === "another");
}

test("a console that connects five minutes later rewinds to the failure and copies the command", async () => {
  await using rig = await daemon();
  const clock = new FakeClock();
  const written: string[] = [];
  using feed = Object.assign(
    new Feed({ connect: () => rig.connect(), clock, rateHz: 4, send: (message) => store.send(message) }),
    { [Symbol.dispose]: () => feed.close() },
  );
  const world = {
    feed,
    clock,
    send: (message: Parameters<Store["send"]>[0]): void => store.send(message),
    quit: (): void => {},
    suspend: (): void => {},
    state: (): State => store.state,
    write: (sequence: string): void => void written.push(sequence),
    folder: "/nonexistent",
    ask: () => Promise.resolve([]),
    connect: () => rig.connect(),
    ended: new AbortController().signal,
  };
  const store = new Store(initialState(unicodeSetup, 120, 40), performer(world));
  /** Presses a key and waits for what it asks the daemon. */
  const press = async (...keys: string[]): Promise<string> => {
    for (const key of keys) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = store.subscribe(() => settled(store.state) && resolve());
      clock.advance(500);
      store.send({ kind: "keys", keys: [keyOf(key)], now: clock.now() });
      if (settled(store.state)) resolve();
      await promise;
      stop();
    }
    return drawn(store.state).join("\n");
  };
  await feed.start();

  expect(await press("2", "down")).toMatch(/^▌ {4}eu-1 +ready +up /m);
  const ago = await press("<", "<", "<", "<", "<");
  expect(ago).toContain("5m00s AGO");
  expect(ago).toMatch(/^▌ {4}eu-1 +drain +down /m);
  expect(ago).toContain("drained eu-1");
  expect(ago).not.toContain("eu-1: down to up");

  const failed = await press("[", "[");
  expect(failed).toMatch(/^▌ {4}eu-1 +ready +down /m);
  expect(failed).toContain("5m58s AGO");
  expect(failed).not.toContain("drained eu-1");
  expect(await press(",", ",")).toMatch(/^▌ {4}eu-1 +ready +up /m);

  await press("]", "y");
  const copied = /52;c;([\w+/=]+)/.exec(written.join(""))?.[1] ?? "";
  expect(Buffer.from(copied, "base64").toString()).toBe("sssonector ctl drain eu-1");
  expect(await press("L")).toContain("● LIVE");
});

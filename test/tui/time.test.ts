import { describe, expect, test } from "vitest";
import type { Moment, Snapshot } from "../../src/shared/control/snapshot.ts";
import { aConnection, aMoment, anEvent, aPoint, aSnapshot, startOfTime } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

const now = startOfTime + 100_000;

function live(fields: Partial<Snapshot> = {}): Snapshot {
  return aSnapshot({
    time_ms: now,
    connections: [aConnection("live")],
    events: [anEvent(40, { code: "early" }), anEvent(90, { code: "late" })],
    history: [aPoint(90), aPoint(99), aPoint(100)],
    ...fields,
  });
}

function moment(second: number, id = `at-${second}`): Moment {
  return aMoment({ time_ms: startOfTime + second * 1000, connections: [aConnection(id)] });
}

function asked(driver: Driver): number[] {
  return driver.effects.flatMap((effect) => (effect.kind === "moment" ? [(effect.at_ms - startOfTime) / 1000] : []));
}

function answer(driver: Driver, second: number, given: Moment | undefined): Driver {
  return driver.send({ kind: "moment", at_ms: startOfTime + second * 1000, moment: given });
}

describe("freeze", () => {
  test("holds the screen while the daemon goes on, and L goes back to now", () => {
    const driver = new Driver().snapshot(live()).press("p");
    driver.snapshot(live({ time_ms: now + 4000, connections: [aConnection("newer")] }));
    expect(driver.lines[0]).toContain("4s AGO");
    expect(driver.text).toMatch(/^ {2}live /m);
    driver.press("L");
    expect(driver.lines[0]).toContain("LIVE");
    expect(driver.text).toMatch(/^ {2}newer /m);
  });

  test("p twice is as before", () => {
    expect(new Driver().snapshot(live()).press("p").lines[0]).toContain("FROZEN");
    expect(new Driver().snapshot(live()).press("p", "p").lines[0]).toContain("LIVE");
  });
});

describe("rewind", () => {
  test("a second back shows that second, with its own rows, and nothing can be done to them", () => {
    const driver = answer(new Driver().snapshot(live()).press(","), 99, moment(99));
    expect(asked(driver)).toEqual([99]);
    expect(driver.lines[0]).toContain("1s AGO");
    expect(driver.text).toMatch(/^ {2}at-99 /m);
    expect(driver.press("down", "x").text).toContain("this is the past; L goes back to now");
  });

  test("held down it asks for one second at a time, the newest wish", () => {
    const driver = new Driver().snapshot(live()).burst(",", ",", ",", ",");
    expect(asked(driver)).toEqual([99]);
    answer(driver, 99, moment(99));
    expect(asked(driver)).toEqual([99, 96]);
    answer(driver, 96, moment(96));
    expect(driver.text).toMatch(/^ {2}at-96 /m);
    expect(asked(driver)).toEqual([99, 96]);
  });

  test("a second that nobody measured says so and keeps no other second's claim", () => {
    const driver = answer(new Driver().snapshot(live()).press("<"), 40, undefined);
    expect(driver.lines[0]).toContain("1m00s AGO, nothing measured");
  });

  test("events and totals after the second are not there yet", () => {
    const driver = answer(new Driver().snapshot(live()).press("<"), 40, moment(40));
    expect(driver.state.snapshot?.events.map(({ code }) => code)).toEqual(["early"]);
    expect(driver.state.snapshot?.history).toEqual([]);
  });

  test("the future is now", () => {
    const driver = answer(new Driver().snapshot(live()).press(",", ">"), 99, moment(99));
    expect(asked(driver)).toEqual([99, 100]);
  });
});

describe("jump", () => {
  test("[ and ] go to the second in which an event shows, through the whole log", () => {
    const driver = new Driver().snapshot(live()).press("[");
    driver.send({ kind: "events", events: [anEvent(5), ...live().events] });
    answer(driver, 91.999, moment(91));
    expect(asked(driver)).toEqual([91.999]);
    answer(driver.press("["), 41.999, moment(41));
    answer(driver.press("["), 6.999, moment(6));
    expect(driver.press("[").text).toContain("no earlier event");
    expect(asked(answer(driver.press("]"), 41.999, moment(41)))).toEqual([91.999, 41.999, 6.999, 41.999]);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Moment } from "../../src/shared/control/snapshot.ts";
import { writeBundle } from "../../src/tui/bundle.ts";
import { Recording } from "../../src/tui/replay/recording.ts";
import { aConnection, aMoment, anEvent, aSnapshot, startOfTime } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sssonector-bundle-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const connections = [aConnection("c1", { identity: "laptop-ann", remote: "192.0.2.7:50211", inner: ["10.8.0.14"] })];
const now = startOfTime + 900_000;
const snapshot = aSnapshot({ time_ms: now, connections });
const events = [anEvent(1, { message: "root (uid 0): drain eu-1 for laptop-ann", facts: { who: "root (uid 0)" } })];

/** Only the last ten seconds were measured. */
function moment(at_ms: number): Promise<Moment | undefined> {
  const measured = at_ms > now - 10_000;
  return Promise.resolve(measured ? aMoment({ time_ms: at_ms, connections }) : undefined);
}

async function bundle(masked: boolean): Promise<{ text: string; file: string; seconds: number }> {
  const parts = { snapshot, screen: ["edge-01 LIVE"], masked, moment, events: () => Promise.resolve(events), folder };
  const { file, seconds } = await writeBundle(parts);
  return { text: readFileSync(file, "utf8"), file, seconds };
}

test("a bundle is a recording of what was measured, with events and the screen, readable by its owner", async () => {
  const { text, file, seconds } = await bundle(false);
  expect(seconds).toBe(10);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)[0]).toMatch(/^sssonector-incident-edge-01-.*\.jsonl$/);
  expect(JSON.parse(text.split("\n")[0] ?? "")).toMatchObject({
    kind: "incident",
    masked: false,
    events,
    screen: ["edge-01 LIVE"],
  });
  const recording = new Recording(text);
  expect(recording.timeOf(0)).toBe(now - 9000);
  expect(recording.snapshotAt(recording.length - 1).connections).toEqual(connections);
});

test("masked it holds no name and no address, and still is a recording", async () => {
  const { text } = await bundle(true);
  for (const name of ["laptop-ann", "192.0.2.7", "10.8.0.14", "edge-01", "root", "eu-1"])
    expect(text).not.toContain(name);
  expect(new Recording(text).snapshotAt(0).connections[0]?.identity).toMatch(/^identity-\d+$/);
});

test("W asks whether names are masked", () => {
  const driver = new Driver().snapshot().press("W");
  expect(driver.lines.at(-1)).toContain("m write with names masked");
  expect(driver.press("m").effects).toEqual([{ kind: "bundle", masked: true }]);
  expect(new Driver().snapshot().press("W", "escape").effects).toEqual([]);
});

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { captureInto } from "../../src/tui/capture.ts";
import { type ControlRig, controlRig } from "../fakes/control-server.ts";

let rig: ControlRig;
let folder: string;
beforeEach(async () => {
  rig = await controlRig();
  folder = mkdtempSync(join(tmpdir(), "sssonector-capture-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await rig[Symbol.asyncDispose]();
});

function capture(file: string, time: number, ended = new AbortController().signal, session?: string): Promise<string> {
  return captureInto({ file, session, time }, { clock: systemClock, connect: () => rig.connect(), folder, ended });
}

test("a capture ends by itself and says what it wrote, for its owner only", async () => {
  const said = await capture("packets.pcap", 500);
  const file = join(folder, "packets.pcap");
  expect(said).toMatch(/^wrote \d+ packets \(\d+ B\) to .*packets\.pcap, 0 left out$/);
  const bytes = readFileSync(file);
  expect(bytes.readUInt32LE(0)).toBe(0xa1b2_c3d4);
  expect(bytes.toString("latin1", 24)).toMatch(/^(records)+$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(rig.backend.audits.map(({ action }) => action)).toEqual(["capture"]);
});

test("nothing is written over, and a refused capture makes no file", async () => {
  const file = join(folder, "old.pcap");
  writeFileSync(file, "old");
  await expect(capture("old.pcap", 500)).rejects.toThrow(/EEXIST/);
  expect(readFileSync(file, "utf8")).toBe("old");
  await expect(capture("none.pcap", 500, undefined, "none")).rejects.toThrow(/no session none/);
  expect(existsSync(join(folder, "none.pcap"))).toBe(false);
});

test("it ends with the console", async () => {
  const ended = new AbortController();
  const said = capture("packets.pcap", 600_000, ended.signal);
  ended.abort();
  expect(await said).toContain("packets.pcap");
});

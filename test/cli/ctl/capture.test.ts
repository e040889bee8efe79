import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../../../src/cli/ctl/main.ts";
import { type ControlRig, controlRig, ann } from "../../fakes/control-server.ts";
import { FakeTerminal } from "../../fakes/terminal.ts";

let rig: ControlRig;
let terminal: FakeTerminal;
let directory: string;
beforeEach(async () => {
  rig = await controlRig();
  terminal = new FakeTerminal();
  directory = mkdtempSync(join(tmpdir(), "capture-"));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await rig[Symbol.asyncDispose]();
});

const capture = (...argv: string[]): Promise<number> => run(["--socket", rig.socketPath, "capture", ...argv], terminal);

it("writes the header of a pcap file and what the daemon took", async () => {
  const file = join(directory, "packets.pcap");
  expect(await capture("-w", file, "--for", "700ms")).toBe(0);
  const bytes = readFileSync(file);
  expect(bytes.readUInt32LE(0)).toBe(0xa1b2_c3d4);
  expect(bytes.readUInt32LE(20)).toBe(101);
  expect(bytes.toString("latin1", 24)).toMatch(/^(records)+$/);
  expect(terminal.stderr).toMatch(/^\d+ packets in .*packets\.pcap, 0 left out\n$/);
  expect(rig.backend.audits.map(({ action, target }) => `${action} ${target}`)).toEqual(["capture every session"]);
});

it("makes no file when it is refused", async () => {
  const file = join(directory, "packets.pcap");
  expect(await capture("-w", file, "--session", "none")).toBe(4);
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
  expect(terminal.stderr).toMatch(/no session none/);
});

it("needs a file, and an operator", async () => {
  expect(await capture()).toBe(2);
  expect(terminal.stderr).toMatch(/capture needs -w FILE/);
  rig.as(ann);
  expect(await capture("-w", join(directory, "packets.pcap"))).toBe(5);
});

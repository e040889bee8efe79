import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../../../src/cli/ctl/main.ts";
import type { LogLine } from "../../../src/shared/control/log-line.ts";
import { type ControlRig, controlRig } from "../../fakes/control-server.ts";
import { FakeTerminal } from "../../fakes/terminal.ts";

let rig: ControlRig;
let terminal: FakeTerminal;

const line = (seq: number, fields: Partial<LogLine> = {}): LogLine => ({
  seq,
  time_ms: 1_800_000_000_000 + seq,
  level: "info",
  code: "link_up",
  message: `line ${seq}`,
  facts: { identity: "laptop-ann" },
  ...fields,
});

beforeEach(async () => {
  rig = await controlRig();
  terminal = new FakeTerminal();
  rig.backend.log = [line(1), line(2, { level: "warn", code: "link_down" }), line(3, { level: "error" })];
});
afterEach(() => rig[Symbol.asyncDispose]());

const ctl = (...argv: string[]): Promise<number> => run(["--socket", rig.socketPath, ...argv], terminal);

it("shows the lines, of a level and after a number when asked", async () => {
  expect(await ctl("logs")).toBe(0);
  expect(terminal.lines[0]).toBe("2027-01-15T08:00:00.001Z info  link_up: line 1 (identity=laptop-ann)");
  expect(terminal.lines).toHaveLength(3);
  terminal = new FakeTerminal();
  await ctl("logs", "--level", "warn", "--since", "2", "--json");
  expect(JSON.parse(terminal.stdout)).toEqual({ v: 1, lines: [rig.backend.log[2]] });
});

it("follows, each line once", async () => {
  const done = ctl("logs", "--follow", "--json");
  await terminal.printed(3);
  rig.backend.log.push(line(4), line(5));
  await terminal.printed(5);
  terminal.leave();
  expect(await done).toBe(0);
  expect(terminal.lines.map((text) => (JSON.parse(text) as LogLine).seq)).toEqual([1, 2, 3, 4, 5]);
});

it("writes nothing that a terminal would obey", async () => {
  const evil = "x\u001b]0;owned\u0007\n\u202e";
  rig.backend.log = [line(1, { message: evil, code: evil, facts: { reason: evil } })];
  await ctl("logs");
  expect(terminal.stdout.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it("log-level tells the daemon, and refuses what is no level", async () => {
  expect(await ctl("log-level", "debug")).toBe(0);
  expect(rig.backend.state.status.log_level).toBe("debug");
  expect(rig.backend.audits).toMatchObject([{ action: "log_level", target: "debug", outcome: "done" }]);
  expect(await ctl("log-level", "loud")).toBe(2);
  expect(terminal.stderr).toContain("a level is one of trace, debug, info, warn, error, fatal");
  expect(await ctl("logs", "--level", "loud")).toBe(2);
});

it("metrics prints what Prometheus would read", async () => {
  expect(await ctl("metrics")).toBe(0);
  expect(terminal.lines).toContain("sssonector_sessions 2");
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Log, openLog } from "../../src/daemon/logs/log.ts";

let directory: string;
let path: string;
let log: Log;

const open = (format: "json" | "text"): Promise<Log> =>
  openLog({ level: "info", format, output: { kind: "file", path } }, "edge-01");

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "log-"));
  path = join(directory, "daemon.log");
  log = await open("json");
});

afterEach(() => {
  log.close();
  rmSync(directory, { recursive: true });
});

const written = (): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it("writes one JSON object a line, with code and facts", () => {
  log.write("warn", "handshake_refused", "1.2.3.4:5: not_tls", { remote: "1.2.3.4:5", reason: "not_tls" });
  expect(written()).toMatchObject([
    { level: 40, name: "edge-01", code: "handshake_refused", msg: "1.2.3.4:5: not_tls", remote: "1.2.3.4:5" },
  ]);
  expect(log.written).toBe(1);
});

it("changes its level while it runs", () => {
  log.write("debug", "started", "no");
  log.level = "debug";
  log.write("debug", "started", "yes");
  log.level = "error";
  log.write("warn", "started", "no");
  expect(written().map(({ msg }) => msg)).toEqual(["yes"]);
});

it("keeps the newest lines for ctl, by number and level", () => {
  for (let n = 1; n <= 3000; n++) log.write(n % 2 === 0 ? "info" : "error", "started", `line ${n}`);
  const all = log.since(0, "trace", 5000);
  expect(all).toHaveLength(2000);
  expect(all[0]).toMatchObject({ seq: 1001, level: "error", code: "started", message: "line 1001", facts: {} });
  expect(log.since(2990, "error", 5000).map(({ seq }) => seq)).toEqual([2991, 2993, 2995, 2997, 2999]);
  expect(log.since(0, "trace", 2).map(({ seq }) => seq)).toEqual([2999, 3000]);
});

it("keeps no more than a million characters", () => {
  for (let n = 0; n < 2000; n++) log.write("info", "started", "y".repeat(2000));
  expect(log.since(0, "trace", 5000).length).toBeLessThan(600);
});

it("writes nothing that a terminal or a log reader would obey, whatever a peer sends", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (hostile) => {
      log.write("info", "link_down", hostile, { reason: hostile });
      const line = readFileSync(path, "utf8").split("\n").at(-2) ?? "";
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      const { msg, reason } = JSON.parse(line) as { msg: string; reason: string };
      expect(Array.from(msg).length).toBeLessThanOrEqual(2000);
      expect(Array.from(reason).length).toBeLessThanOrEqual(500);
    }),
    { numRuns: 200 },
  );
});

it("as text is one line as well", async () => {
  const text = await open("text");
  text.write("error", "reload_failed", "bad\nline \u001b[31mred", { file: "a\nb" });
  text.close();
  const content = readFileSync(path, "utf8");
  expect(content).toContain("bad?line ?[31mred");
  expect(content).not.toContain("\u001b");
});

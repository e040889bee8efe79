import { expect, test } from "vitest";
import type { LogLine } from "../../src/shared/control/log-line.ts";
import { Driver } from "./driver.ts";

function line(seq: number, fields: Partial<LogLine> = {}): LogLine {
  return {
    seq,
    time_ms: 1_800_000_000_000,
    level: "info",
    code: "link_up",
    message: `line ${seq}`,
    facts: {},
    ...fields,
  };
}

test("the log is asked for while it is on the screen, from the newest line on", () => {
  const driver = new Driver().snapshot().press("7");
  expect(driver.effects).toEqual([{ kind: "logs", since: 0 }]);
  driver.send({
    kind: "logs",
    lines: [line(1), line(2, { level: "error", message: "bad \u001b[2J", facts: { who: "x" } })],
  });
  expect(driver.text).toMatch(/2 .*error link_up +bad \?\[2J/);
  driver.snapshot();
  expect(driver.effects.at(-1)).toEqual({ kind: "logs", since: 2 });
  driver.press("1").snapshot();
  expect(driver.effects).toHaveLength(2);
});

test("a line that came twice is there once, and old lines make room", () => {
  const driver = new Driver().snapshot().press("7");
  driver.send({ kind: "logs", lines: Array.from({ length: 1200 }, (_, at) => line(at + 1)) });
  driver.send({ kind: "logs", lines: [line(1200), line(1201)] });
  expect(driver.state.log).toHaveLength(1000);
  expect(driver.text).toContain("7 Log 1,000");
});

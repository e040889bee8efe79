import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verbs } from "../../src/cli/ctl/verbs.ts";
import { commandNames } from "../../src/tui/model/command.ts";
import { aBackend, aSnapshot } from "../fakes/snapshot.ts";
import { Driver } from "./driver.ts";

const backends = [aBackend("eu-1"), aBackend("eu-2"), aBackend("us-1")];

function typed(text: string): Driver {
  const driver = new Driver({ columns: 100, rows: 30 }).snapshot(aSnapshot({ backends })).press(":");
  return driver.press(...text.split(""));
}

describe("`:` takes the grammar of ctl", () => {
  test("every command but those about the screen is a verb of ctl", () => {
    const names = verbs.map(({ name }) => name);
    const own = new Set(["quit", "columns"]);
    expect(commandNames.filter((name) => !own.has(name) && !names.includes(name))).toEqual([]);
  });

  test("every verb of ctl that reads has a tab, or its text in a box that scrolls", () => {
    const reads = verbs.filter(({ kind }) => kind === "read").map(({ name }) => name);
    expect(reads.filter((name) => !commandNames.includes(name))).toEqual([]);
    const driver = typed("config").press("enter");
    expect(driver.effects).toEqual([{ kind: "read", verb: "config" }]);
    expect(driver.text).toContain("asking");
    expect(driver.lines.at(-2)).toContain("$ sssonector ctl config");
    const lines = Array.from({ length: 100 }, (_, at) => `key.${at} \u001b[2J${"x".repeat(300)}`);
    driver.send({ kind: "text", verb: "metrics", lines: ["late"] }).send({ kind: "text", verb: "config", lines });
    expect(driver.text).toMatch(/key\.0 \?\[2Jx+…/);
    expect(driver.text).not.toContain("late");
    expect(driver.press("pagedown").text).toMatch(/key\.25 /);
    expect(driver.press("escape").state.mode.kind).toBe("browse");
  });

  test("a verb that reads shows its tab", () => {
    expect(typed("breakers").press("enter").state.tab).toBe("breakers");
    expect(typed("sess").press("enter").state.tab).toBe("sessions");
  });

  test.each([
    ["drain eu-1 --deadline 30s", { action: "drain", targets: ["eu-1"], args: { deadline: 30_000 } }],
    ["drain", { action: "drain", targets: [""], args: {} }],
    ["set-weight eu-2 auto", { action: "set_weight", targets: ["eu-2"], args: { weight: "auto" } }],
    [
      "set-weight eu-2 7 --confirm-within 1m",
      { action: "set_weight", targets: ["eu-2"], args: { weight: 7, confirmWithin: 60_000 } },
    ],
    ["open-breaker eu-1 --for 10s", { action: "open_breaker", targets: ["eu-1"], args: { for: 10_000 } }],
    [
      "set-rate global/up 20mbit --burst 100KB",
      {
        action: "set_rate",
        targets: ["global/up"],
        args: { rate: { kind: "bytes", per_second: 2_500_000 }, burst: { kind: "bytes", amount: 102_400 } },
      },
    ],
    ["reset-breaker --all", { action: "reset_breaker", targets: [""], args: { all: true } }],
    ["kick c1 --reason spam", { action: "kick", targets: ["c1"], args: { reason: "spam" } }],
    ["revoke laptop-ann", { action: "revoke", targets: ["laptop-ann"], args: {} }],
    ["log-level debug", { action: "log_level", targets: [""], args: { level: "debug" } }],
    ["reload", { action: "reload", targets: [""], args: {} }],
  ])("%s opens its dialog and does nothing yet", (text, order) => {
    const driver = typed(text).press("enter");
    expect(driver.effects).toMatchObject([{ kind: "act", order, dryRun: true }]);
    expect(driver.state.mode.kind).toBe("act");
    expect(driver.text).toContain(`$ sssonector ctl ${text}`);
  });

  test.each([
    ["maint", "maint needs a name"],
    ["set-weight eu-1 x", "set-weight needs a number or auto"],
    ["drain eu-1 --for 3s", "drain takes no --for here"],
    ["open-breaker eu-1 --for x", "--for needs a time, as in 30s"],
    ["log-level loud", "log-level needs one of trace debug info warn error fatal"],
    ["reset-breaker eu-1 --all", "--all takes no name"],
    ["set-rate global/up 20mbit --burst x", "--burst needs a size, as in 100KB, or packets"],
    ["set-rate global/up 20mbit --burst 100", "--burst is a size for a rate of bytes"],
    ["set-rate global/up auto --burst 100KB", "--burst is a size for a rate of bytes"],
    ["capture", "capture needs -w FILE"],
    ["capture -w a.pcap --for 1h", "a capture takes 10m at most here"],
    ["capture -w a.pcap --for x", "--for needs a time, as in 30s"],
    ["fly", "no command fly"],
    ["re", "re: which one?"],
  ])("%s says what is wrong", (text, problem) => {
    const driver = typed(text).press("enter");
    expect(driver.text).toContain(problem);
    expect(driver.effects).toEqual([]);
  });

  test("Tab completes verbs and names as far as they agree, and the rest is shown", () => {
    expect(typed("dr").press("tab").text).toContain(":drain ");
    const driver = typed("drain e").press("tab");
    expect(driver.lines.at(-1)).toContain(":drain eu-▏ eu-1 eu-2");
    expect(driver.press("1", "tab").lines.at(-1)).toContain(":drain eu-1 ");
    expect(typed("drain z").press("tab").lines.at(-1)).toContain("nothing begins so");
  });

  test("levels and sessions are completed as well", () => {
    expect(typed("log-level d").press("tab").text).toContain(":log-level debug ");
    expect(typed("capture --session ").lines.at(-1)).toContain("s-c1 s-c2");
    expect(typed("capture --se").press("tab").lines.at(-1)).toContain(":capture --session ");
  });

  test("a capture says what it will write, and begins on a key of its own", () => {
    const driver = typed("capture -w a.pcap --session s1").press("enter");
    expect(driver.effects).toEqual([]);
    expect(driver.text).toMatch(/copies the inner packets of session s1 for 30s into a\.pcap, as/);
    expect(driver.text).toContain("$ sssonector ctl capture -w a.pcap --session s1 --for 30s");
    driver.press("enter", "tab", "w", "x");
    expect(driver.effects).toEqual([]);
    driver.burst("c", "c");
    expect(driver.effects).toEqual([]);
    driver.press("c");
    expect(driver.effects).toEqual([{ kind: "capture", order: { file: "a.pcap", session: "s1", time: 30_000 } }]);
    expect(driver.text).toContain("capturing for 30s into a.pcap");
  });

  test("viewers capture nothing", () => {
    const driver = new Driver({ columns: 100, rows: 30, role: "viewer" }).snapshot(aSnapshot({ backends }));
    driver.press(":", ..."capture -w a.pcap".split(""), "enter");
    expect(driver.text).toContain("viewers may look only");
  });

  test("whatever is typed, nothing is done without a dialog", () => {
    const keys = fc.array(fc.oneof(fc.constantFrom("tab", "enter", "backspace", ":"), fc.string({ maxLength: 12 })));
    fc.assert(
      fc.property(keys, (words) => {
        const driver = typed("").press(...words.flatMap((word) => (word.length > 3 ? word.split("") : [word])));
        expect(driver.acts).toEqual([]);
      }),
    );
  });
});

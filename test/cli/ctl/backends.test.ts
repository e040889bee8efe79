import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../src/cli/ctl/main.ts";
import type { Backend, Breaker } from "../../../src/shared/control/snapshot.ts";
import { ann, type ControlRig, controlRig } from "../../fakes/control-server.ts";
import { aBackend, aBreaker, aBucket, aSnapshot, aStatus } from "../../fakes/snapshot.ts";
import { FakeTerminal } from "../../fakes/terminal.ts";

let rig: ControlRig;
let terminal: FakeTerminal;
beforeEach(async () => {
  rig = await controlRig();
  terminal = new FakeTerminal();
});
afterEach(() => rig[Symbol.asyncDispose]());

const ctl = (...argv: string[]): Promise<number> => run(["--socket", rig.socketPath, ...argv], terminal);
const json = (): unknown[] => terminal.lines.map((line): unknown => JSON.parse(line));
const lastJson = (): unknown => JSON.parse(terminal.lines.at(-1) ?? "");
const withBackends = (...backends: Backend[]): void => rig.backend.set(aSnapshot({ backends }));
const withBreakers = (...breakers: Breaker[]): void => rig.backend.set(aSnapshot({ breakers }));

describe("tables for people", () => {
  it("backends: states, weight in effect of the pinned one, the session's server marked", async () => {
    withBackends(
      aBackend("eu-1", { current: true, admin: "drain", weight: 50, effective_weight: 12.6, weight_pinned: true }),
      aBackend("eu-2", { operational: "down", breaker: "open", rtt_ms: null, last_error: "refused\u001b[2J" }),
    );
    expect(await ctl("backends")).toBe(0);
    const [title = "", first = "", second = ""] = terminal.lines;
    expect(first).toMatch(/^\* {2}eu-1 +eu-1\.example\.net:8443 +drain +up +closed +0 +13\/50 pinned/);
    expect(second).toMatch(/^ +eu-2 .* ready +down +open .* refused\?\[2J$/);
    expect(first.indexOf("drain")).toBe(title.indexOf("ADMIN"));
  });

  it("breakers: state, rates, countdown, probes, cause", async () => {
    withBreakers(
      aBreaker("eu-1", {
        state: "open",
        failure_rate: 66.67,
        opened_seconds: 2.4,
        retry_in_ms: 3_100,
        cause: "failure_rate",
      }),
      aBreaker("eu-2", { state: "half-open", permits_left: 2, last_cause: "policy" }),
    );
    expect(await ctl("breakers")).toBe(0);
    expect(terminal.lines[1]).toMatch(/^eu-1 +open +12 +67% +0% +2s +3s +- +failure_rate +-$/);
    expect(terminal.lines[2]).toMatch(/^eu-2 +half-open .* 2 +- +policy$/);
  });

  it("say so when there are none", async () => {
    rig.backend.set(aSnapshot({ backends: [], breakers: [] }));
    await ctl("backends");
    await ctl("breakers");
    expect(terminal.stdout).toBe("no backends\nno breakers\n");
  });
});

describe("health", () => {
  it.each([
    [
      1,
      { backends: [aBackend("eu-1", { operational: "down" }), aBackend("eu-2")] },
      "degraded (ready); backends down: eu-1",
    ],
    [0, { backends: [aBackend("eu-1", { operational: "down", admin: "maint" })] }, "ok (ready)"],
    [0, { backends: [aBackend("eu-1", { admin: "drain" })] }, "ok (ready)"],
    [1, { breakers: [aBreaker("eu-1", { state: "half-open" })] }, "degraded (ready); breakers not closed: eu-1"],
    [1, { breakers: [aBreaker("eu-1", { state: "disabled" })] }, "degraded (ready); breakers not closed: eu-1"],
    [0, { breakers: [aBreaker("eu-1", { state: "observe" })] }, "ok (ready)"],
  ])("is %d for %j", async (code, fields, line) => {
    rig.backend.set(aSnapshot(fields));
    expect(await ctl("health")).toBe(code);
    expect(terminal.lines[0]).toBe(line);
  });

  it("names them in JSON", async () => {
    const backends = [aBackend("eu-1", { operational: "down" })];
    const breakers = [aBreaker("eu-2", { state: "forced-open" })];
    rig.backend.set(aSnapshot({ backends, breakers }));
    expect(await ctl("health", "--json")).toBe(1);
    expect(json()).toMatchObject([{ health: "degraded", backends_down: ["eu-1"], breakers_not_closed: ["eu-2"] }]);
  });
});

describe("actions", () => {
  it.each([
    [["drain", "eu-1"], { kind: "drain", backend: "eu-1", deadlineMs: undefined }, "eu-1"],
    [
      ["drain", "eu-1", "--deadline", "10m"],
      { kind: "drain", backend: "eu-1", deadlineMs: 600_000 },
      "eu-1 deadline_ms=600000",
    ],
    [["drain"], { kind: "drain", backend: undefined, deadlineMs: undefined }, "this daemon"],
    [["ready", "eu-1"], { kind: "ready", backend: "eu-1" }, "eu-1"],
    [["ready"], { kind: "ready", backend: undefined }, "this daemon"],
    [["maint", "eu-1", "--accept-risk"], { kind: "maint", backend: "eu-1" }, "eu-1 accept_risk"],
    [["set-weight", "eu-1", "50"], { kind: "set_weight", backend: "eu-1", weight: 50 }, "eu-1 weight=50"],
    [["set-weight", "eu-1", "auto"], { kind: "set_weight", backend: "eu-1", weight: "auto" }, "eu-1 weight=auto"],
    [["reset-breaker", "eu-1"], { kind: "reset_breaker", backend: "eu-1" }, "eu-1"],
    [["reset-breaker", "--all"], { kind: "reset_breaker", backend: undefined }, "all"],
    [["open-breaker", "eu-1"], { kind: "open_breaker", backend: "eu-1", forMs: undefined }, "eu-1"],
    [
      ["open-breaker", "eu-1", "--for", "5m"],
      { kind: "open_breaker", backend: "eu-1", forMs: 300_000 },
      "eu-1 for_ms=300000",
    ],
    [["close-breaker", "eu-1"], { kind: "close_breaker", backend: "eu-1" }, "eu-1"],
  ])("%j", async (argv, action, target) => {
    expect(await ctl(...argv, "--dry-run")).toBe(0);
    expect(rig.backend.acts).toEqual([]);
    expect(await ctl(...argv)).toBe(0);
    expect(rig.backend.acts).toEqual([action]);
    expect(rig.backend.audits).toMatchObject([
      { action: `${action.kind} --dry-run`, target, outcome: "done" },
      { who: expect.stringMatching(/^root/), action: action.kind, target, outcome: "done" },
    ]);
  });

  it("a dry run says what moves and what is left", async () => {
    expect(await ctl("drain", "eu-1", "--dry-run", "--json")).toBe(0);
    const facts = { connections_moved: 2, bps_moved: 2_000_000, left: ["eu-2"], last_healthy: false };
    expect(json()).toMatchObject([{ v: 1, outcome: "done", dry_run: true, facts }]);
  });

  it("on a terminal ask first, with what would happen", async () => {
    terminal.interactive = true;
    terminal.answers = ["n", "y"];
    expect(await ctl("maint", "eu-1")).toBe(1);
    expect(terminal.stderr).toBe("would maint eu-1: 2 connections move to eu-2\nnothing done\n");
    expect(await ctl("maint", "eu-1")).toBe(0);
    expect(rig.backend.acts).toHaveLength(1);
  });

  it.each([["drain"], ["maint"], ["open-breaker"]])(
    "%s of the last healthy backend takes --accept-risk",
    async (verb) => {
      withBackends(aBackend("eu-1"), aBackend("eu-2", { operational: "down" }));
      expect(await ctl(verb, "eu-1", "--dry-run")).toBe(6);
      expect(await ctl(verb, "eu-1", "--yes")).toBe(6);
      expect(terminal.stderr).toMatch(/last healthy.*--accept-risk/);
      expect(rig.backend.acts).toEqual([]);
      expect(await ctl(verb, "eu-1", "--accept-risk")).toBe(0);
      expect(rig.backend.acts).toHaveLength(1);
    },
  );

  it("4: no such backend, with the nearest name", async () => {
    expect(await ctl("drain", "eu-11")).toBe(4);
    expect(terminal.stderr).toBe(
      "sssonector ctl: control_not_found: no backend eu-11; did you mean eu-1?; list them: sssonector ctl backends\n",
    );
    expect(await ctl("reset-breaker", "us-east-1")).toBe(4);
    expect(terminal.stderr).not.toMatch(/us-east-1; did you mean/);
    withBackends();
    expect(await ctl("maint", "eu-1")).toBe(4);
    expect(terminal.stderr).toContain("this daemon has no backends");
  });

  it("4: no such bucket, with the nearest name", async () => {
    rig.backend.set(aSnapshot({ buckets: [aBucket("global/up")] }));
    expect(await ctl("set-rate", "globl/up", "10mbit")).toBe(4);
    expect(terminal.stderr).toBe(
      "sssonector ctl: control_not_found: no bucket globl/up; did you mean global/up?; list them: sssonector ctl buckets\n",
    );
  });

  it("5: a viewer", async () => {
    rig.as(ann);
    expect(await ctl("drain", "eu-1", "--dry-run")).toBe(5);
    expect(rig.backend.audits).toMatchObject([
      { who: expect.stringMatching(/^ann/), outcome: expect.stringMatching(/^denied/) },
    ]);
  });

  it.each([["257"], ["-1"], ["1.5"], ["much"]])("2: a weight of %s", async (weight) => {
    expect(await ctl("set-weight", "--yes", "eu-1", "--", weight)).toBe(2);
    expect(rig.backend.acts).toEqual([]);
  });

  it("2: a breaker that is open for no time", async () => {
    expect(await ctl("open-breaker", "eu-1", "--for", "ever")).toBe(2);
  });

  it("what is wrong with the command line is told also without a daemon", async () => {
    const argv = ["--socket", "/nonexistent/x.sock"];
    expect(await run([...argv, "set-weight", "eu-1", "heavy"], terminal)).toBe(2);
    expect(await run([...argv, "open-breaker", "eu-1", "--for", "ever"], terminal)).toBe(2);
    expect(await run([...argv, "reset-breaker", "eu-1", "--all"], terminal)).toBe(2);
    expect(await run([...argv, "reset-breaker"], terminal)).toBe(3);
  });
});

function open(name: string): Breaker {
  return aBreaker(name, { state: "open" });
}

describe("reset-breaker without a name", () => {
  it("takes the only one that is not closed", async () => {
    withBreakers(aBreaker("eu-1"), open("eu-2"));
    expect(await ctl("reset-breaker")).toBe(0);
    expect(rig.backend.acts).toEqual([{ kind: "reset_breaker", backend: "eu-2" }]);
  });

  it("2: lists them when there are several", async () => {
    withBreakers(open("eu-1"), aBreaker("eu-2", { state: "forced-open" }), aBreaker("eu-3"));
    expect(await ctl("reset-breaker")).toBe(2);
    expect(terminal.stderr).toContain("not closed: eu-1, eu-2; name one, or give --all");
    expect(await ctl("reset-breaker", "eu-1", "--all")).toBe(2);
    expect(rig.backend.acts).toEqual([]);
  });

  it("has nothing to do when all are closed, and asks nothing then", async () => {
    terminal.interactive = true;
    withBreakers(aBreaker("eu-1"), aBreaker("eu-2", { state: "observe" }));
    expect(await ctl("reset-breaker")).toBe(0);
    expect(terminal.stdout).toBe("no breaker is open: nothing to reset\n");
    expect(await ctl("reset-breaker", "--json")).toBe(0);
    expect(lastJson()).toMatchObject({ v: 1, outcome: "done", dry_run: false });
    expect(rig.backend.acts).toEqual([]);
  });
});

describe("wait", () => {
  it("--for drained=B: under drain, and no connection left", async () => {
    const done = ctl("wait", "--for", "drained=eu-1", "--json");
    withBackends(aBackend("eu-1", { connections: 0 }));
    withBackends(aBackend("eu-1", { admin: "drain" }));
    const last = aBackend("eu-1", { admin: "drain", connections: 0 });
    withBackends(last);
    expect(await done).toBe(0);
    expect(json()).toEqual([
      { v: 1, name: "edge-01", state: "ready", sessions: 2, connections: 2, breaker: null, backend: last },
    ]);
  });

  it("--for drained: this daemon, with no connection left", async () => {
    rig.backend.set(aSnapshot({ status: aStatus({ state: "draining", sessions: 1, connections: 1 }) }));
    expect(await ctl("wait", "--for", "drained", "--timeout", "100ms")).toBe(7);
    expect(terminal.stderr).toContain("still not drained: draining, 1 connections");
    rig.backend.set(aSnapshot({ status: aStatus({ state: "draining", sessions: 1, connections: 0 }) }));
    expect(await ctl("wait", "--for", "drained")).toBe(0);
  });

  it("--for up=B and breaker-closed=B", async () => {
    const backends = [aBackend("eu-1", { operational: "starting" })];
    const breakers = [aBreaker("eu-1", { state: "half-open" })];
    rig.backend.set(aSnapshot({ backends, breakers }));
    expect(await ctl("wait", "--for", "up=eu-1", "--timeout", "100ms")).toBe(7);
    expect(await ctl("wait", "--for", "breaker-closed=eu-1", "--timeout", "100ms")).toBe(7);
    expect(terminal.stderr).toContain("still not up=eu-1: eu-1 starting");
    expect(terminal.stderr).toContain("still not breaker-closed=eu-1: breaker eu-1 half-open");
    rig.backend.set(aSnapshot());
    expect(await ctl("wait", "--for", "up=eu-1")).toBe(0);
    expect(await ctl("wait", "--for", "breaker-closed=eu-1", "--json")).toBe(0);
    expect(lastJson()).toMatchObject({ breaker: { name: "eu-1", state: "closed" } });
  });

  it("4: no such backend", async () => {
    expect(await ctl("wait", "--for", "drained=eu-3")).toBe(4);
    expect(terminal.stderr).toMatch(/no backend eu-3; did you mean eu-\d\?/);
  });

  it("2: no such condition", async () => {
    expect(await ctl("wait", "--for", "drainde=eu-1")).toBe(2);
    expect(terminal.stderr).toContain("did you mean drained?");
    expect(await ctl("wait", "--for", "up=")).toBe(2);
    expect(await ctl("wait", "--for", "toString=x")).toBe(2);
  });
});

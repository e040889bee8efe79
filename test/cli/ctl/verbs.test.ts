import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../../src/cli/ctl/main.ts";
import { ann, type ControlRig, controlRig, eve } from "../../fakes/control-server.ts";
import { aConnection, anEvent, aSnapshot, aStatus } from "../../fakes/snapshot.ts";
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
const withState = (fields: Parameters<typeof aStatus>[0]): void =>
  rig.backend.set(aSnapshot({ status: aStatus(fields) }));

describe("JSON for scripts", () => {
  it.each([
    ["status", () => ({ v: 1, ...rig.backend.state.status })],
    ["connections", () => ({ v: 1, connections: rig.backend.state.connections })],
    ["sessions", () => ({ v: 1, sessions: rig.backend.state.sessions })],
    ["events", () => ({ v: 1, events: rig.backend.state.events })],
    ["config", () => ({ v: 1, config: rig.backend.rows })],
    ["snapshot", () => rig.backend.state],
    ["backends", () => ({ v: 1, backends: rig.backend.state.backends })],
    ["top-talkers", () => ({ v: 1, ...rig.backend.state.top })],
    ["breakers", () => ({ v: 1, breakers: rig.backend.state.breakers })],
    ["health", () => ({ v: 1, health: "ok", state: "ready", alerts: [], backends_down: [], breakers_not_closed: [] })],
  ])("%s", async (verb, expected) => {
    expect(await ctl(verb, "--json")).toBe(0);
    expect(json()).toEqual([expected()]);
    expect(terminal.stderr).toBe("");
  });

  it("version", async () => {
    expect(await ctl("version", "--json")).toBe(0);
    const daemon = { name: "edge-01", version: "0.1.0", pid: 4242, protocol: 1 };
    expect(json()).toEqual([{ v: 1, version: expect.stringMatching(/^\d/), daemon }]);
  });

  it("an action", async () => {
    expect(await ctl("kick", "c1", "--reason", "why", "--json")).toBe(0);
    expect(json()).toEqual([
      { v: 1, outcome: "done", dry_run: false, message: "closed c1", facts: { links: 1 }, revision: 1 },
    ]);
    expect(rig.backend.kicked).toEqual([{ target: "c1", reason: "why" }]);
  });
});

describe("text for people", () => {
  it("status has alerts first, and human units", async () => {
    withState({ alerts: [{ code: "certificate_expiring", severity: "warning", message: "in 3 days" }] });
    await ctl("status");
    expect(terminal.lines[0]).toBe("WARNING certificate_expiring: in 3 days");
    expect(terminal.stdout).toContain("edge-01 (server), ready, up 1d 2h");
    expect(terminal.stdout).toContain("123.5 MB in 100000 packets");
    expect(terminal.stdout).toMatch(/dropped +source_not_bound 3\n/);
  });

  it("top-talkers by identity and by destination, with each one's share", async () => {
    await ctl("top-talkers");
    expect(terminal.lines[1]).toMatch(/^laptop-ann .*100 %$/);
    terminal.stdout = "";
    await ctl("top-talkers", "--by", "destination");
    expect(terminal.lines[1]).toMatch(/^10\.20\.0\.5 .*100 %$/);
    expect(await ctl("top-talkers", "--by", "moon")).toBe(2);
  });

  it("connections is an aligned table", async () => {
    await ctl("connections");
    const [title = "", first = ""] = terminal.lines;
    expect(first.indexOf("laptop-c1")).toBe(title.indexOf("IDENTITY"));
    expect(first).toContain("34.0 Mb/s");
  });

  it("what peers send can't write on the terminal", async () => {
    const evil = "x\u001b]0;owned\u0007\r\n";
    const connections = [aConnection("c1", { identity: evil, remote: evil, inner: [evil] })];
    rig.backend.set(aSnapshot({ connections, events: [anEvent(1, { message: evil, code: evil })] }));
    for (const verb of ["connections", "events", "config", "status"]) await ctl(verb);
    expect(terminal.stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(terminal.stdout).toContain("x?]0;owned???");
  });

  it("nor can what the daemon repeats of it in messages", async () => {
    rig.backend.result = { kind: "done", message: "closed \u001b[2Jx" };
    await ctl("kick", "c1");
    rig.backend.result = { kind: "failed", message: "no \u001b[2Jx" };
    await ctl("kick", "c1");
    expect(terminal.stdout).toBe("closed ?[2Jx\n");
    expect(terminal.stderr).toContain("no ?[2Jx;");
  });

  it("events of the last minutes, or after a number", async () => {
    const now = terminal.clock.wall();
    const events = [anEvent(1, { time_ms: now - 600_000 }), anEvent(2, { time_ms: now - 60_000 })];
    rig.backend.set(aSnapshot({ events }));
    await ctl("events", "--since", "5m");
    expect(terminal.lines).toEqual([expect.stringContaining("link 2 is up")]);
    await ctl("events", "--since", "2");
    expect(terminal.lines[1]).toBe("no events");
  });
});

describe("exit codes", () => {
  it.each([
    [1, "failed", { kind: "failed", message: "no" }],
    [4, "not_found", { kind: "not_found", message: "no" }],
    [6, "refused", { kind: "refused", message: "no" }],
  ] as const)("%d: %s", async (code, _name, result) => {
    rig.backend.result = result;
    expect(await ctl("reload")).toBe(code);
    expect(terminal.stdout).toBe("");
    expect(terminal.stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("2: usage", async () => {
    expect(await ctl("stauts")).toBe(2);
    expect(terminal.stderr).toContain("did you mean status?");
  });

  it.each([
    [0, {}],
    [1, { state: "degraded" }],
    [1, { alerts: [{ code: "metrics_port_busy", severity: "warning", message: "m" }] }],
    [2, { alerts: [{ code: "certificate_expired", severity: "critical", message: "m" }] }],
  ] as const)("health is %d for %j", async (code, fields) => {
    withState({ ...fields, alerts: "alerts" in fields ? [...fields.alerts] : [] });
    expect(await ctl("health")).toBe(code);
  });

  it("3: no socket, and what to do about it", async () => {
    const argv = ["--socket", join(rig.directory, "none.sock")];
    expect(await run([...argv, "status"], terminal)).toBe(3);
    expect(terminal.stderr).toMatch(/no control socket at .*none\.sock; start it: systemctl start sssonectord/);
    expect(await run([...argv, "health", "--json"], terminal)).toBe(3);
    expect(json()).toEqual([
      { v: 1, health: "unreachable", state: null, alerts: [], backends_down: [], breakers_not_closed: [] },
    ]);
    expect(await run([...argv, "version"], terminal)).toBe(3);
    expect(terminal.stdout).toMatch(/sssonector {2}\d/);
  });

  it("5: a stranger, and a viewer who acts", async () => {
    rig.as(eve);
    expect(await ctl("status")).toBe(5);
    expect(terminal.stderr).toContain("viewers");
    rig.as(ann);
    expect(await ctl("status")).toBe(0);
    expect(await ctl("stop")).toBe(5);
    expect(rig.backend.stops).toBe(0);
  });

  it("7: no answer in time", async () => {
    const gate = Promise.withResolvers<void>();
    rig.backend.onAction = () => gate.promise;
    expect(await ctl("reload", "--timeout", "100ms")).toBe(7);
    gate.resolve();
  });
});

describe("without --socket", () => {
  it("uses the only one in the run directory", async () => {
    terminal.env = { RUNTIME_DIRECTORY: rig.directory };
    expect(await run(["status"], terminal)).toBe(0);
  });

  it("lists them when there are several", async () => {
    writeFileSync(join(rig.directory, "other.sock"), "");
    terminal.env = { RUNTIME_DIRECTORY: rig.directory };
    expect(await run(["status"], terminal)).toBe(2);
    expect(terminal.stderr).toContain(`${rig.socketPath}, ${join(rig.directory, "other.sock")}`);
  });

  it("says that there is none", async () => {
    const empty = join(rig.directory, "empty");
    mkdirSync(empty);
    terminal.env = { RUNTIME_DIRECTORY: empty };
    expect(await run(["status"], terminal)).toBe(3);
  });
});

describe("actions", () => {
  it("--dry-run does nothing", async () => {
    expect(await ctl("stop", "--dry-run")).toBe(0);
    expect(terminal.stdout).toBe("would stop\n");
    expect(rig.backend.stops).toBe(0);
  });

  it("on a terminal ask first, with what would happen", async () => {
    terminal.interactive = true;
    terminal.answers = ["", "y"];
    expect(await ctl("kick", "c1")).toBe(1);
    expect(terminal.stderr).toBe("would close c1\nnothing done\n");
    expect(rig.backend.kicked).toEqual([]);
    expect(await ctl("kick", "c1")).toBe(0);
    expect(rig.backend.kicked).toHaveLength(1);
  });

  it("don't ask with --yes, nor without a terminal", async () => {
    await ctl("reload");
    terminal.interactive = true;
    await ctl("reload", "--yes");
    expect(rig.backend.reloads).toBe(2);
    expect(terminal.questions).toEqual([]);
  });
});

describe("watching", () => {
  it("prints one object a line until the reader leaves", async () => {
    const done = ctl("status", "--json", "--watch", "--interval", "100ms");
    await terminal.printed(1);
    withState({ rx_bytes: 7 });
    await terminal.printed(2);
    terminal.leave();
    expect(await done).toBe(0);
    expect(json()[1]).toMatchObject({ v: 1, rx_bytes: 7 });
  });

  it("draws over the last picture on a terminal only", async () => {
    terminal.clearable = true;
    const done = ctl("sessions", "--watch", "--interval", "100ms");
    await terminal.printed(1);
    terminal.leave();
    await done;
    expect(terminal.stdout.startsWith("\u001b[H\u001b[2J")).toBe(true);
    const plain = new FakeTerminal();
    await run(["--socket", rig.socketPath, "sessions"], plain);
    expect(plain.stdout).not.toContain("\u001b");
  });

  it("ends with 3 when the daemon goes", async () => {
    const done = ctl("status", "--json", "--watch", "--interval", "100ms");
    await terminal.printed(1);
    await rig.server[Symbol.asyncDispose]();
    expect(await done).toBe(3);
  });

  it("events --follow prints each new one once, also more than fit a snapshot", async () => {
    const done = ctl("events", "--follow", "--json");
    await terminal.printed(2);
    const events = Array.from({ length: 300 }, (_, at) => anEvent(at + 1));
    rig.backend.events = (since) => events.filter((event) => event.seq > since);
    rig.backend.set(aSnapshot({ events: events.slice(-200) }));
    await terminal.printed(300);
    terminal.leave();
    expect(await done).toBe(0);
    expect(json().map((line) => (line as { seq: number }).seq)).toEqual(events.map((event) => event.seq));
  });
});

describe("wait", () => {
  it("is over at once in the state", async () => {
    expect(await ctl("wait", "--for", "ready", "--json")).toBe(0);
    expect(json()).toEqual([
      { v: 1, name: "edge-01", state: "ready", sessions: 2, connections: 2, backend: null, breaker: null },
    ]);
  });

  it("waits for the state", async () => {
    withState({ state: "starting" });
    const done = ctl("wait", "--for", "state=draining");
    withState({ state: "ready" });
    withState({ state: "draining" });
    expect(await done).toBe(0);
    expect(terminal.stdout).toBe("draining\n");
  });

  it("waits for a daemon that isn't there yet", async () => {
    await rig.server[Symbol.asyncDispose]();
    const done = ctl("wait", "--for", "ready");
    await using _later = await rig.restart();
    expect(await done).toBe(0);
  });

  it("gives up with 7 and says how far it came", async () => {
    withState({ state: "starting" });
    expect(await ctl("wait", "--for", "ready", "--timeout", "100ms")).toBe(7);
    expect(terminal.stderr).toContain("still not ready: starting");
    expect(
      await run(["--socket", "/nonexistent/x.sock", "wait", "--for", "ready", "--timeout", "100ms"], terminal),
    ).toBe(7);
  });

  it("knows its conditions", async () => {
    expect(await ctl("wait")).toBe(2);
    expect(await ctl("wait", "--for", "raedy")).toBe(2);
    expect(terminal.stderr).toContain("did you mean ready?");
  });
});

import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import type { Exit } from "../../src/tui/exit.ts";
import type { Wire } from "../../src/tui/feed.ts";
import { noPreferences } from "../../src/tui/preferences.ts";
import { runSession } from "../../src/tui/ink/session.tsx";
import { aBackend, aConnection, aSnapshot } from "../fakes/snapshot.ts";
import { controlRig, type ControlRig } from "../fakes/control-server.ts";
import { unicodeSetup } from "./driver.ts";
import { FakeTerminal } from "./terminal.ts";

const kept = {
  preferences: noPreferences,
  remember: (): void => {},
  folder: "/nonexistent",
  ask: () => Promise.resolve(["said"]),
};

interface Running extends AsyncDisposable {
  terminal: FakeTerminal;
  rig: ControlRig;
  left: Promise<Exit>;
}

const connections = Array.from({ length: 300 }, (_, at) => aConnection(`c${at}`, { tx_bps: (300 - at) * 1000 }));

/** The whole console on a terminal in memory against a real control server. */
async function start(columns: number, rows: number): Promise<Running> {
  const terminal = new FakeTerminal(columns, rows);
  const rig = await controlRig();
  rig.backend.set(aSnapshot({ connections }));
  const { stdin, stdout } = terminal;
  const options = { stdin, stdout, clock: systemClock, setup: unicodeSetup, depth: 256, fps: 30, ...kept } as const;
  const left = runSession({ ...options, connect: () => rig.connect() });
  await terminal.until((text) => text.includes("  c0 ") && text.includes("q quit"));
  return {
    terminal,
    rig,
    left,
    async [Symbol.asyncDispose]() {
      terminal.type("\u0003");
      await left;
      await rig[Symbol.asyncDispose]();
    },
  };
}

const events = ["SIGTSTP", "uncaughtException", "unhandledRejection"] as const;
const listeners = events.map((event) => process.listenerCount(event));
afterEach(() => expect(events.map((event) => process.listenerCount(event))).toEqual(listeners));

describe("the terminal shows exactly the screen", () => {
  for (const [columns, rows] of [
    [60, 12],
    [80, 24],
    [120, 40],
    [160, 50],
  ] as const) {
    test(`${columns}x${rows}`, async () => {
      await using running = await start(columns, rows);
      const { terminal } = running;
      expect(terminal.screen.buffer.active.type).toBe("alternate");
      expect(terminal.screen.buffer.active.baseY).toBe(0);
      expect(terminal.lines[0]).toMatch(/^ edge-01 server/);
      expect(terminal.lines.at(-1)).toMatch(/q quit/);
      expect(terminal.lines.every((line) => line.length === columns)).toBe(true);
      expect(terminal.text.match(/^ {2}c\d+ /gm)?.length).toBeGreaterThanOrEqual(5);
    });
  }
});

/** A whole frame, title to keys. */
function framed(text: string): boolean {
  return text.startsWith(" edge-01 server") && text.trimEnd().endsWith("q quit");
}

test("keys, an event with several keys, and a resize", async () => {
  await using running = await start(80, 24);
  const { terminal } = running;
  terminal.type("j");
  await terminal.until((text) => /^▌ c0 /m.test(text));
  terminal.type("jjj");
  await terminal.until((text) => /^▌ c3 /m.test(text));
  terminal.resize(120, 40);
  await terminal.until((text) => framed(text) && text.includes("REMOTE"));
  terminal.resize(60, 12);
  await terminal.until((text) => framed(text) && !text.includes("received"));
  expect(terminal.text).toMatch(/^▌ c3 /m);
});

test("draws whole also where the cursor was not in the first column", async () => {
  const terminal = new FakeTerminal(80, 24);
  terminal.screen.write("# ");
  const wire: Wire = {
    daemon: { version: 1, role: "viewer", name: "edge-01", daemon_version: "0.1.0", pid: 1 },
    onClose: () => {},
    close: () => {},
    call: () => Promise.reject(new Error("not called")),
    subscribe: (_rate, onSnapshot) => Promise.resolve(onSnapshot(aSnapshot({ connections }))),
  };
  const { stdin, stdout } = terminal;
  const options = { stdin, stdout, clock: systemClock, setup: unicodeSetup, depth: 0, fps: 30, ...kept } as const;
  const left = runSession({ ...options, connect: () => Promise.resolve(wire) });
  await terminal.until((text) => text.includes("q quit"));
  expect(terminal.lines[0]).toMatch(/^ edge-01 server .*\[ro\]/);
  terminal.type("q");
  await left;
});

test("a paste does nothing, bracketed or not", async () => {
  await using running = await start(80, 24);
  const { terminal, rig } = running;
  terminal.type("j");
  await terminal.until((text) => /^▌ c0 /m.test(text));
  terminal.type("\u001b[200~x\t\rjjjq\u001b[201~");
  terminal.type("j");
  await terminal.until((text) => /^▌ c1 /m.test(text));
  terminal.type("x\t\rx\t\rx\t\r");
  terminal.type("\u001b");
  await terminal.until((text) => text.includes("q quit"));
  expect(rig.backend.kicked).toEqual([]);
});

test("kick: the dry run's text, Cancel first, then deliberately", async () => {
  await using running = await start(80, 24);
  const { terminal, rig } = running;
  terminal.type("j");
  terminal.type("x");
  await terminal.until((text) => text.includes("would close c0"));
  expect(terminal.text).toContain("[> Cancel <]");
  terminal.type("\r");
  await terminal.until((text) => !text.includes("would close"));
  terminal.type("x");
  await terminal.until((text) => text.includes("would close c0"));
  terminal.type("\t");
  await terminal.until((text) => text.includes("[> Kick <]"));
  const pressing = setInterval(() => terminal.type("\r"), 500);
  await terminal.until((text) => text.includes("closed c0"));
  clearInterval(pressing);
  expect(rig.backend.kicked.map(({ target }) => target)).toEqual(["c0"]);
});

test("drain of the last healthy backend: its name is typed, then it is drained", async () => {
  await using running = await start(80, 24);
  const { terminal, rig } = running;
  rig.backend.set(aSnapshot({ connections, backends: [aBackend("eu-1"), aBackend("eu-2", { operational: "down" })] }));
  terminal.type("2");
  await terminal.until((text) => text.includes("  eu-1 ") && text.includes("  eu-2 "));
  terminal.type("j");
  await terminal.until((text) => /^▌ +eu-1 /m.test(text));
  terminal.type("d");
  await terminal.until((text) => text.includes("type eu-1: "));
  expect(terminal.text).toContain("$ sssonector ctl drain eu-1 --accept-risk");
  terminal.type("eu-");
  terminal.type("\t");
  await terminal.until((text) => text.includes("type eu-1 first"));
  terminal.type("1");
  await terminal.until((text) => text.includes("type eu-1: eu-1"));
  terminal.type("\t");
  await terminal.until((text) => text.includes("[> Drain <]"));
  expect(rig.backend.acts).toEqual([]);
  const pressing = setInterval(() => terminal.type("\r"), 500);
  await terminal.until((text) => /(?<!would )drain eu-1: 2 connections move to nothing/.test(text));
  clearInterval(pressing);
  expect(rig.backend.acts).toEqual([{ kind: "drain", backend: "eu-1", deadlineMs: undefined }]);
});

test("a daemon that goes leaves the console on, and says so", async () => {
  await using running = await start(100, 30);
  const { terminal, rig } = running;
  await rig.server[Symbol.asyncDispose]();
  await terminal.until((text) => text.includes("no daemon, "));
  expect(terminal.text).toContain("c0 ");
  await terminal.until((text) => /no daemon, [1-9]s old/.test(text));
});

test.for([
  ["q", "q"],
  ["Ctrl-C", "\u0003"],
] as const)("%s leaves a clean terminal", async ([, key]) => {
  const running = await start(80, 24);
  const { terminal, rig, left } = running;
  terminal.type(key);
  expect(await left).toEqual({ code: 0 });
  expect(terminal.screen.buffer.active.type).toBe("normal");
  expect(terminal.raw).toBe(false);
  expect(terminal.screen.modes.bracketedPasteMode).toBe(false);
  expect(terminal.text.trim()).toBe("");
  await rig[Symbol.asyncDispose]();
});

test.for([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGINT", 130],
] as const)("%s leaves a clean terminal", async ([signal, code]) => {
  const { terminal, rig, left } = await start(80, 24);
  process.emit(signal);
  expect(await left).toEqual({ code });
  expect(terminal.screen.buffer.active.type).toBe("normal");
  expect(terminal.raw).toBe(false);
  await rig[Symbol.asyncDispose]();
});

test.for(["uncaughtException", "unhandledRejection"] as const)("%s leaves a clean terminal", async (event) => {
  const { terminal, rig, left } = await start(80, 24);
  const error = new Error("broken");
  process
    .listeners(event)
    .at(-1)
    ?.call(process, error as never, undefined as never);
  expect(await left).toEqual({ code: 1, error });
  expect(terminal.screen.buffer.active.type).toBe("normal");
  expect(terminal.raw).toBe(false);
  await rig[Symbol.asyncDispose]();
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Terminal } from "./tmux.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = join(root, "bin/sssonector");
const directory = mkdtempSync(join(tmpdir(), "sssonector-top-"));
const socket = join(directory, "edge-01.sock");

/** A daemon with made-up traffic behind the real control server. */
class Daemon {
  process: ChildProcess;
  lines: Interface;
  said: string[] = [];

  constructor() {
    this.process = spawn(process.execPath, [join(root, "test/fakes/console-daemon.ts"), socket, "40"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (this.process.stdout === null) throw new Error("no output of the daemon");
    this.lines = createInterface(this.process.stdout);
    this.lines.on("line", (line) => this.said.push(line));
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    this.process.kill("SIGCONT");
    this.process.kill("SIGTERM");
    await once(this.process, "exit");
  }
}

let daemon: Daemon;
let terminal: Terminal;

beforeEach(async () => {
  daemon = new Daemon();
  await once(daemon.lines, "line");
  terminal = new Terminal(80, 24);
  terminal.type(`${program} top --socket ${socket}; echo "left with $?"`, "Enter");
  await terminal.until(/● LIVE/);
});

afterEach(async () => {
  terminal.close();
  await daemon.stop();
});

process.once("exit", () => rmSync(directory, { recursive: true, force: true }));

function expectClean(): void {
  const { alternate, cursor, tty } = terminal.modes;
  expect([alternate, cursor]).toEqual([false, true]);
  expect(tty).toMatch(/ icanon .* echo /s);
  expect(terminal.text).not.toContain("LIVE");
}

test("starts, moves, kicks after a dialog, quits with q", async () => {
  terminal.type("Down", "Down");
  const [, id = ""] = /^▌ (c\d+) /m.exec(await terminal.until(/^▌ c\d+ .*$/m)) ?? [];
  terminal.type("x");
  await terminal.until(/would close c\d+/);
  terminal.type("Enter");
  await terminal.until(/x kick/);
  expect(daemon.said).toEqual(["ready"]);
  terminal.type("x");
  await terminal.until(/would close c\d+/);
  terminal.type("Tab");
  await terminal.until(/\[> Kick <\]/);
  await delay(500);
  terminal.type("Enter");
  await terminal.until(new RegExp(`closed ${id}`));
  await terminal.until(/^▌ c\d+ .*gone/m);
  await expect.poll(() => daemon.said).toEqual(["ready", `kicked ${id}`]);
  terminal.type("q");
  await terminal.until(/left with 0/);
  expectClean();
});

test("drains a backend after a dialog, and shows it drained", async () => {
  terminal.type("2");
  await terminal.until(/● eu-1 +ready +up/);
  terminal.type("Down", "Down");
  await terminal.until(/^▌ ● eu-1 /m);
  terminal.type("d");
  await terminal.until(/would drain eu-1: 40 connections move to eu-2/);
  terminal.type("Tab");
  await terminal.until(/\[> Drain <\]/);
  await delay(500);
  terminal.type("Enter");
  await terminal.until(/eu-1 +drain +up/);
  await expect.poll(() => daemon.said).toEqual(["ready", "drain eu-1"]);
});

test("a paste is ignored", async () => {
  terminal.type("Down");
  await terminal.until(/^▌ c\d+ /m);
  terminal.paste("x\t\rx\t\rq");
  terminal.type("8");
  await terminal.until(/INNER ADDRESSES/);
  expect(daemon.said).toEqual(["ready"]);
});

test("draws every size whole", async () => {
  for (const [columns, rows, wanted] of [
    [160, 50, /losses[^]*LAST 60 s/],
    [60, 12, /1 Connections 40 +2 ▲ +3/],
    [40, 8, /40 connections/],
    [120, 30, /─ events ─.* backends, breakers, buckets ─/],
    [120, 40, /╭─ sent [^]*REMOTE/],
    [80, 24, /^ rx .*\n tx .*/m],
  ] as const) {
    terminal.resize(columns, rows);
    const lines = (await terminal.until(wanted)).trimEnd().split("\n");
    await terminal.until(/q quit\s*$/);
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(terminal.text.match(/● LIVE/g)).toHaveLength(1);
  }
});

test("while the window is pulled about it draws on, and what stays is one whole frame", async () => {
  for (let step = 0; step < 40; step += 1) {
    terminal.resize(60 + ((step * 37) % 101), 12 + ((step * 17) % 39));
    expect(terminal.text.match(/ edge-01 server/g)?.length ?? 0).toBeLessThanOrEqual(1);
  }
  terminal.resize(100, 30);
  const lines = (await terminal.until(/^ edge-01 server +● LIVE[^]*1 Conn[^]*─ events ─[^]*q quit\s*$/)).split("\n");
  expect(lines.filter((line) => / 1 Conn.* 9 Talk/.test(line))).toHaveLength(1);
  expect(lines.filter((line) => line.includes("q quit"))).toHaveLength(1);
});

test("a screen that can't be drawn ends it, and leaves the terminal as it was", async () => {
  daemon.process.kill("SIGUSR2");
  await terminal.until(/left with 1$/m);
  const { alternate, cursor, tty } = terminal.modes;
  expect([alternate, cursor]).toEqual([false, true]);
  expect(tty).toMatch(/ icanon .* echo /s);
  expect(terminal.text).toMatch(/sssonector top: /);
});

test("SIGTERM leaves the terminal as it was", async () => {
  process.kill(terminal.foreground(), "SIGTERM");
  await terminal.until(/left with 143/);
  expectClean();
});

test("Ctrl-Z suspends and fg brings it back", async () => {
  terminal.type("C-z");
  await terminal.until(/left with 148|Stopped/);
  expectClean();
  terminal.type('fg; echo "fg left with $?"', "Enter");
  await terminal.until(/● LIVE/);
  expect(terminal.modes.alternate).toBe(true);
  terminal.type("C-c");
  await terminal.until(/fg left with 0/);
  expectClean();
});

test("a daemon that hangs or dies leaves the console on, stale; it comes back by itself", async () => {
  daemon.process.kill("SIGSTOP");
  await terminal.until(/stalled, \ds old/);
  daemon.process.kill("SIGCONT");
  await terminal.until(/● LIVE/);
  await daemon.stop();
  await terminal.until(/no daemon, \ds old/);
  await terminal.until(/c\d+ /);
  daemon = new Daemon();
  await terminal.until(/● LIVE/);
  terminal.type("q");
  await terminal.until(/left with 0/);
  expectClean();
});

test("without a terminal it prints lines; without a daemon it says so", async () => {
  const child = spawn(program, ["top", "--socket", socket], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const seen: string[] = [];
  for await (const line of lines) {
    seen.push(line);
    if (seen.length === 50) break;
  }
  child.kill("SIGTERM");
  await once(child, "exit");
  expect(seen[0]).toMatch(/ connected as operator$/);
  expect(seen[1]).toMatch(/ daemon edge-01 server ready/);
  expect(seen.some((line) => / connection c1 laptop-ann /.test(line))).toBe(true);
  const lost = spawn(program, ["top", "--socket", join(directory, "none.sock")], { stdio: "ignore" });
  expect(await once(lost, "exit")).toEqual([3, null]);
});

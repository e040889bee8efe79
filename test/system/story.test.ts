import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Cluster } from "../../src/cli/demo/cluster.ts";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { accountOf } from "../netns/harness/accounts.ts";
import { ping } from "../netns/harness/node.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";
import { actInConsole, select } from "./console.ts";
import { Terminal } from "./tmux.ts";

/** What a loaded machine may add to the second within which an alert shows, in milliseconds. */
const slack = 2000;

interface Audit {
  who: string;
  action: string;
  target: string;
  outcome: string;
  before: { admin: string } | null;
  after: { admin: string } | null;
}

async function auditOf(daemon: DaemonProcess): Promise<Audit[]> {
  const text = await readFile(path.join(daemon.directory, "state", "audit.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Audit);
}

describeNetns("a server fails under an operator's eyes", () => {
  test("in the console, then by ctl alone; the audit names both", async () => {
    await using cluster = await Cluster.create(prefix, "none");
    await cluster.start();
    const { used, spare } = await cluster.places();
    const { client } = cluster;
    const terminal = new Terminal(120, 40);
    using _closed = { [Symbol.dispose]: () => terminal.close() };
    terminal.type(`${programPath("sssonector")} top --socket ${client.socket}; echo "left with $?"`, "Enter");
    await terminal.until(/● LIVE +ready/);

    const killed = Date.now();
    await used.end("SIGKILL");
    await terminal.until(new RegExp(`backend_(failing|down): ${used.name} `));
    const shown = Date.now() - killed;
    console.log(`story: the alert showed ${shown} ms after the server was killed`);
    expect(shown).toBeLessThan(1000 + slack);

    // Who is affected: the session is on the other server, and the details say what the failed one has left.
    terminal.type("2");
    await select(terminal, used.name);
    terminal.type("Enter");
    await terminal.until(new RegExp(`backend ${used.name}[^]*failures[^]*breaker ${used.name}`));
    terminal.type("Escape");
    // Down, and not yet drained, for long enough that samples of it can be found again when rewinding.
    await terminal.until(new RegExp(`^▌ +${used.name} .*ready +down .* (?:[3-9]|[1-9]\\d)s +\\S`, "m"));

    await actInConsole(terminal, "d", /would drain .*: no connection moves/, /\[> Drain <\]/);
    await terminal.until(new RegExp(`^▌ +${used.name} .*drain +down`, "m"));
    await ping(cluster.client.namespace, "10.8.0.1");
    await expect.poll(async () => (await accountOf([client, spare])).lost, { timeout: 20_000 }).toBe(0);

    used.start();
    await used.ready();
    await actInConsole(terminal, "R", /would reset the breaker/, /\[> Reset <\]/);
    await terminal.until(/^ (?!.*would).*reset the breaker/m);
    await actInConsole(terminal, "e", /would /, /\[> Ready <\]/);
    await terminal.until(new RegExp(`^▌ +${used.name} .*ready +(starting|up)`, "m"));

    // Back to the second in which it failed, before its drain: by events, and on by seconds where those went past it.
    const failed = /^▌ .*ready +down/m;
    for (
      let jumps = 0;
      jumps < 30 && !failed.test(terminal.text) && !/no earlier event/.test(terminal.text);
      jumps += 1
    ) {
      terminal.type("[");
      await delay(250);
    }
    for (let steps = 0; steps < 60 && !failed.test(terminal.text); steps += 1) {
      terminal.type(".");
      await delay(250);
    }
    await terminal.until(/AGO/);
    await terminal.until(new RegExp(`^▌ +${used.name} .*ready +down`, "m"));
    terminal.type("y");
    await terminal.until(new RegExp(`copied: sssonector ctl .* (drain|ready) ${used.name}`));
    terminal.type("L");
    await terminal.until(/● LIVE/);
    terminal.type("q");
    await terminal.until(/left with 0/);

    // The same by ctl alone.
    for (const verb of [["drain"], ["reset-breaker"], ["ready"]]) {
      expect(await client.ctl(...verb, used.name, "--yes")).toMatchObject({ code: 0 });
    }
    const { events } = JSON.parse((await client.ctl("--json", "events")).stdout) as { events: { code: string }[] };
    expect(events.filter(({ code }) => code === "operator_action").length).toBeGreaterThanOrEqual(6);

    const done = (await auditOf(client)).filter(
      ({ action, outcome }) => !action.includes("dry-run") && outcome === "done",
    );
    expect(done.map(({ action }) => action)).toEqual([
      "drain",
      "reset_breaker",
      "ready",
      "drain",
      "reset_breaker",
      "ready",
    ]);
    expect(done.every(({ target }) => target === used.name)).toBe(true);
    expect(done[0]).toMatchObject({ before: { admin: "ready" }, after: { admin: "drain" } });
    const pids = new Set(done.map(({ who }) => /^root \(uid 0, pid (\d+)\)$/.exec(who)?.[1]));
    expect(pids.has(undefined)).toBe(false);
    expect(pids.size).toBeGreaterThanOrEqual(4);
  });
});

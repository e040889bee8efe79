import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Running } from "../../src/cli/demo/running.ts";
import { namespacesOf } from "./harness/network-state.ts";
import { describeNetns } from "./harness/suite.ts";

const program = programPath("sssonector");
const demoPrefix = "sssdemo";

async function left(): Promise<string[]> {
  const files = (await readdir(tmpdir())).filter((name) => name.startsWith(demoPrefix));
  return [...files, ...(await namespacesOf(demoPrefix))];
}

describeNetns("sssonector demo", () => {
  test("kills one server and drains the other under transfers that go on, and leaves nothing", async () => {
    const before = await left();
    const demo = new Running("demo", [program, "demo", "--duration", "15s"]);
    expect((await demo.exited).code, demo.stdout + demo.stderr).toBe(0);
    console.log(demo.stdout.slice(demo.stdout.indexOf("Summary")));
    expect(demo.stdout).toMatch(/kill -9 \d+: the server eu-[12] is gone/);
    expect(demo.stdout).toMatch(/ctl drain eu-[12]: 1 connection .* to move, eu-[12] left healthy/);
    expect(demo.stdout).toMatch(/transfers with equal checksums +5 of 5/);
    expect(demo.stdout).toMatch(/server killed: longest gap of the TCP connection +\d+ ms/);
    expect(demo.stdout).toMatch(/server drained: frames lost +0 of \d{4,}/);
    expect(demo.stdout).toMatch(/inner addresses before and after .*\(same\)/);
    expect(await left()).toEqual(before);
  });

  test("shows the console on a terminal and tells the rest after it, with one server too", async () => {
    const before = await left();
    const command = `stty cols 100 rows 30; TERM=xterm ${program} demo --servers 1 --duration 15s`;
    const demo = new Running("demo", ["script", "--quiet", "--return", "--command", command, "/dev/null"]);
    expect((await demo.exited).code, demo.stdout + demo.stderr).toBe(0);
    const [, console = "", told = ""] = /\x1b\[\?1049h(.*)\x1b\[\?1049l(.*)/s.exec(demo.stdout) ?? [];
    expect(console).toContain("laptop-ann");
    expect(console).not.toContain("Summary");
    expect(told).toMatch(/kill -9 \d+.*transfers with equal checksums +3 of 3/s);
    expect(await left()).toEqual(before);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("puts everything away on %s", async (signal) => {
    const before = await left();
    const demo = new Running("demo", [program, "demo"]);
    await demo.line(/.*tunnel up.*/);
    expect((await demo.end(signal)).code).toBe(1);
    expect(demo.stderr).toContain(`stopped by ${signal}`);
    expect(await left()).toEqual(before);
  });

  test("asks for what makes sense", async () => {
    const demo = new Running("demo", [program, "demo", "--servers", "3"]);
    expect((await demo.exited).code).toBe(2);
    expect(demo.stderr).toMatch(/^sssonector demo: --servers takes 1 or 2\n/);
  });

  test("says in one line what is missing, without root", async () => {
    const demo = new Running("demo", ["setpriv", "--reuid", "65534", "--clear-groups", program, "demo"]);
    expect((await demo.exited).code).toBe(1);
    expect(demo.stderr).toMatch(/^sssonector demo: needs root[^\n]*\n$/);
    expect(demo.stdout).toBe("");
  });
});

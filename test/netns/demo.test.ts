import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Running } from "../../src/cli/demo/running.ts";
import { namespacesOf } from "./harness/network-state.ts";
import { describeNetns } from "./harness/suite.ts";

const demoPrefix = "sssdemo";

async function left(): Promise<string[]> {
  const files = (await readdir(tmpdir())).filter((name) => name.startsWith(demoPrefix));
  return [...files, ...(await namespacesOf(demoPrefix))];
}

describeNetns("sssonector demo", () => {
  test("shows that the transfer goes on over kill -9, and leaves nothing", async () => {
    const before = await left();
    const demo = new Running("demo", [programPath("sssonector"), "demo", "--duration", "18s"]);
    expect((await demo.exited).code, demo.stdout + demo.stderr).toBe(0);
    expect(demo.stdout).toMatch(/kill -9 \d+/);
    expect(demo.stdout).toMatch(/transfers with equal checksums +3 of 3/);
    expect(demo.stdout).toMatch(/longest gap of the streaming TCP connection +\d+ ms/);
    expect(demo.stdout).toMatch(/inner address before and after .*\(same\)/);
    expect(await left()).toEqual(before);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("puts everything away on %s", async (signal) => {
    const before = await left();
    const demo = new Running("demo", [programPath("sssonector"), "demo"]);
    await demo.line(/.*tunnel up.*/);
    expect((await demo.end(signal)).code).toBe(1);
    expect(demo.stderr).toContain(`stopped by ${signal}`);
    expect(await left()).toEqual(before);
  });

  test("says in one line what is missing, without root", async () => {
    const demo = new Running("demo", [
      "setpriv",
      "--reuid",
      "65534",
      "--clear-groups",
      programPath("sssonector"),
      "demo",
    ]);
    expect((await demo.exited).code).toBe(1);
    expect(demo.stderr).toMatch(/^sssonector demo: needs root[^\n]*\n$/);
    expect(demo.stdout).toBe("");
  });
});

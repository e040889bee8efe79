import { expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import type { Bucket } from "../../src/shared/control/snapshot.ts";
import { describeNetns, prefix } from "../netns/harness/suite.ts";
import { actInConsole, select } from "./console.ts";
import { Terminal } from "./tmux.ts";

const bucket = "identity/laptop-ann/down";

describeNetns("a rate set in the console", () => {
  test("holds on the daemon, is kept once confirmed, and goes with undo", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    await lab.start(client);
    const rate = async (): Promise<number | null | undefined> => {
      const { stdout } = await lab.server.ctl("--json", "buckets");
      return (JSON.parse(stdout) as { buckets: Bucket[] }).buckets.find(({ name }) => name === bucket)?.rate;
    };
    const terminal = new Terminal(120, 40);
    using _closed = { [Symbol.dispose]: () => terminal.close() };
    terminal.type(`${programPath("sssonector")} top --socket ${lab.server.socket}`, "Enter");
    await terminal.until(/● LIVE +ready/);
    terminal.type("3");
    await select(terminal, bucket);
    terminal.type("w");
    await terminal.until(/unlimited → unlimited/);
    terminal.type("C-u", "20mbit");
    await terminal.until(/unlimited → 20mbit/);
    await actInConsole(terminal, "Enter", /rate of bucket/, /\[> .* <\]/);
    await terminal.until(/unconfirmed: set_rate .* reverts in/);
    await terminal.until(new RegExp(`^▌ ${bucket} +20mbit .* operator`, "m"));
    expect(await rate()).toBe(2_500_000);
    terminal.type("c");
    await terminal.until(/^(?![^]*unconfirmed)[^]*kept: set_rate/);
    await actInConsole(terminal, "u", /undo edge-01/, /\[> .* <\]/);
    await terminal.until(new RegExp(`^▌ ${bucket} +unlimited `, "m"));
    expect(await rate()).toBe(null);
  });
});

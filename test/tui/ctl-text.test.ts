import { expect, test } from "vitest";
import { ctlText } from "../../src/tui/ctl-text.ts";
import { controlRig } from "../fakes/control-server.ts";

test("what ctl prints of this daemon, and why it prints nothing", async () => {
  await using rig = await controlRig();
  const lines = await ctlText(["config", "--socket", rig.socketPath]);
  expect(lines[0]).toMatch(/^KEY +VALUE +DEFAULT/);
  expect(lines.some((line) => /^core\.name +"edge-01"/.test(line))).toBe(true);
  expect(await ctlText(["config", "--socket", "/nonexistent/x.sock"])).toEqual([
    expect.stringContaining("no control socket at /nonexistent/x.sock"),
  ]);
});

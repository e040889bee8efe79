import { expect, test } from "vitest";
import { commandRows } from "../../../src/cli/completion/command-table.ts";
import { places } from "../../../src/cli/completion/places.ts";
import { run as demo } from "../../../src/cli/demo/main.ts";
import { run as doctor } from "../../../src/cli/doctor/main.ts";
import { run as pki } from "../../../src/cli/pki/main.ts";
import { programs } from "../../../src/cli/programs.ts";
import { systemClock } from "../../../src/shared/clock.ts";
import { usage as top } from "../../../src/tui/options.ts";

async function helpOf([program, ...words]: readonly string[]): Promise<string> {
  let text = "";
  const io = { out: (said: string) => void (text += said), err: () => {}, clock: systemClock };
  if (program === "pki") await pki([...words, "--help"], io);
  else if (program === "demo") await demo(["--help"], io);
  else if (program === "doctor") await doctor(["--help"], io);
  else text = top;
  return text;
}

test.each(commandRows.filter(({ path: [program] }) => program !== "completion"))(
  "the options of $path are those that its help names",
  async ({ path, options }) => {
    const named = new Set((await helpOf(path)).match(/(?<=--)[a-z][a-z-]*/g));
    expect(new Set(options.map(({ name }) => name).filter((name) => name !== "help"))).toEqual(
      new Set([...named].filter((name) => name !== "help")),
    );
  },
);

test("every program and every command of pki has a place", async () => {
  const paths = places().map(({ path }) => path);
  expect([...programs.keys()].filter((name) => !paths.includes(name))).toEqual([]);
  const commands = [...(await helpOf(["pki"])).matchAll(/^ {2}sssonector pki (\w+)/gm)].map(
    ([, name]) => `pki ${name}`,
  );
  expect(commands.filter((path) => !paths.includes(path))).toEqual([]);
  expect(new Set(paths).size).toBe(paths.length);
});

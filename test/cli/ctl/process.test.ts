import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { permissionDenied } from "../../../src/shared/control/locate.ts";
import { controlRig } from "../../fakes/control-server.ts";
import { aSnapshot, aStatus } from "../../fakes/snapshot.ts";

const main = new URL("../../../src/cli/ctl/main.ts", import.meta.url).href;

/** Runs `ctl` as a process of its own; `prelude` is code that it runs first. */
function spawnCtl(argv: readonly string[], prelude = ""): ReturnType<typeof spawn> {
  const script = `${prelude}
    const { run } = await import(${JSON.stringify(main)});
    process.exitCode = await run(process.argv.slice(1));`;
  return spawn(process.execPath, ["--input-type=module", "-e", script, "--", ...argv]);
}

async function outcome(child: ReturnType<typeof spawn>): Promise<{ code: unknown; out: string; err: string }> {
  const text = { out: "", err: "" };
  child.stdout?.on("data", (chunk) => (text.out += String(chunk)));
  child.stderr?.on("data", (chunk) => (text.err += String(chunk)));
  const [code] = (await once(child, "close")) as unknown[];
  return { code, ...text };
}

it("ends by itself when it is done", async () => {
  await using rig = await controlRig();
  const result = await outcome(spawnCtl(["--socket", rig.socketPath, "status", "--json"]));
  expect(result).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(result.out)).toEqual({ v: 1, ...rig.backend.state.status });
});

it("is quiet when its reader goes away", async () => {
  await using rig = await controlRig();
  const child = spawnCtl(["--socket", rig.socketPath, "status", "--json", "--watch", "--interval", "100ms"]);
  if (child.stdout === null) throw new Error("no stdout");
  await once(child.stdout, "data");
  child.stdout.destroy();
  rig.backend.set(aSnapshot({ status: aStatus({ rx_bytes: 1 }) }));
  expect(await outcome(child)).toMatchObject({ code: 0, err: "" });
});

it("loads neither the daemon, nor the console, nor other verbs, nor a package beside ws", async () => {
  await using rig = await controlRig();
  const prelude = `
    import { registerHooks } from "node:module";
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context);
      process.stderr.write(found.url + "\\n");
      return found;
    } });`;
  const { code, err } = await outcome(spawnCtl(["--socket", rig.socketPath, "status"], prelude));
  expect(code).toBe(0);
  const files = err.split("\n").filter((url) => url.startsWith("file:"));
  expect(files.filter((url) => /\/(daemon|tui)\//.test(url))).toEqual([]);
  expect(files.filter((url) => /\/ctl\/(help|wait|capture|record|[a-z]+-acts|[a-z]+-views)\./.test(url))).toEqual([]);
  const packages = files.flatMap((url) => /node_modules\/([^/]+)/.exec(url)?.[1] ?? []);
  expect([...new Set(packages)]).toEqual(["ws"]);
});

it("permission denied names the group that may", () => {
  const error = permissionDenied("/etc/shadow", undefined);
  expect(error).toMatchObject({ code: "control_denied", message: "permission denied on /etc/shadow" });
  expect(error.next).toMatch(/group/);
});

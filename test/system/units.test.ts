import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programPath } from "../../src/cli/demo/authority.ts";
import { Running, runToEnd } from "../../src/cli/demo/running.ts";

const config = fileURLToPath(new URL("../../config/", import.meta.url));
const units = ["sssonectord.service", "sssonector@.service"];
/** The greatest exposure that systemd-analyze may find, of 10. */
const exposure = 2;

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "sssonector-units-"));
  for (const unit of units) {
    const text = await readFile(path.join(config, "systemd", unit), "utf8");
    await writeFile(path.join(directory, unit), text.replaceAll("/usr/bin/sssonectord", programPath("sssonectord")));
  }
});

afterAll(async () => await rm(directory, { recursive: true }));

async function overallExposure(unit: string): Promise<number> {
  const file = path.join(directory, unit);
  const report = await runToEnd(["systemd-analyze", "security", "--offline=true", "--no-pager", file]);
  return Number(/Overall exposure level for .*: ([\d.]+)/.exec(report)?.[1]);
}

/** What systemd finds wrong; warnings are no failure to it. */
async function verified(unit: string): Promise<string> {
  await using running = new Running("verify", ["systemd-analyze", "verify", "--man=no", path.join(directory, unit)]);
  const { code } = await running.exited;
  return code === 0 ? running.stderr : `exit ${String(code)}: ${running.stderr}`;
}

describe("units", () => {
  test.each(units)("%s is clean and little exposed", async (unit) => {
    expect(await verified(unit)).toBe("");
    const level = await overallExposure(unit);
    console.log(`${unit}: exposure ${level}`);
    expect(level).toBeLessThanOrEqual(exposure);
  });

  test("the drop-ins add what they name and stay little exposed", async () => {
    const dropIns = path.join(config, "systemd/drop-ins");
    for (const name of await readdir(dropIns)) {
      const target = path.join(directory, "sssonectord.service.d");
      await mkdir(target);
      await cp(path.join(dropIns, name), path.join(target, name));
      expect(await verified("sssonectord.service")).toBe("");
      expect(await overallExposure("sssonectord.service")).toBeLessThanOrEqual(exposure + 0.3);
      await rm(target, { recursive: true });
    }
  });

  test("both units differ only in the name of the instance", async () => {
    const [one = "", many = ""] = await Promise.all(
      units.map(async (unit) => await readFile(path.join(config, "systemd", unit), "utf8")),
    );
    const plain = many
      .replaceAll("/%i.yaml", "/sssonector.yaml")
      .replace("sssonector/%i", "sssonector/default")
      .replace("daemon %i", "daemon");
    expect(plain.split("\n").slice(1)).toEqual(one.split("\n").slice(1));
  });

  test("user, directories and kernel settings are what their tools take", async () => {
    const user = await runToEnd(["systemd-sysusers", "--dry-run", path.join(config, "sysusers.d/sssonector.conf")]);
    expect(user).not.toMatch(/fail|unknown/i);
    const settings = await readFile(path.join(config, "sysctl.d/60-sssonector.conf"), "utf8");
    const names = [...settings.matchAll(/^([\w.]+) = \d+$/gm)].map(([, name]) => name ?? "");
    expect(names).toHaveLength(3);
    for (const name of names) expect(await readFile(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8")).toMatch(/^\d/);
  });
});

describe("man pages", () => {
  const pages = fileURLToPath(new URL("../../man/", import.meta.url));

  test("they are clean for mandoc", async () => {
    for (const name of await readdir(pages)) {
      await runToEnd(["mandoc", "-Tlint", "-W", "error", path.join(pages, name)]);
      expect(await runToEnd(["mandoc", "-Tutf8", path.join(pages, name)])).toMatch(/^SSSONECTOR/);
    }
  });
});

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const execute = promisify(execFile);
const entry = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

async function sssonector(...args: readonly string[]): Promise<{ exit: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await execute(process.execPath, [entry, ...args]);
    return { exit: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exit: code, out: stdout, err: stderr };
  }
}

describe("sssonector", () => {
  it("prints the package's version", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(await sssonector("--version")).toEqual({ exit: 0, out: `${version}\n`, err: "" });
  });

  it("lists its commands", async () => {
    const { exit, out } = await sssonector("--help");
    expect([exit, out]).toEqual([0, expect.stringMatching(/^ {2}pki +certificates/m)]);
  });

  it.each([[["bogus"]], [[]], [["__proto__"]]])("answers %j in one line with exit 2", async (args) => {
    const { exit, out, err } = await sssonector(...args);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toMatch(/^sssonector: [^\n]+; commands: [^\n]*pki[^\n]*\n$/);
  });

  it("answers options that doctor does not take in one line with exit 2", async () => {
    const { exit, out, err } = await sssonector("doctor", "--check-config");
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(err).toMatch(/^sssonector doctor: [^\n]*--check-config[^\n]*\n$/);
  });

  it("hands the exit code of a command on", async () => {
    expect(await sssonector("pki", "show", "--dir", "/nonexistent/ca")).toMatchObject({ exit: 1 });
    expect(await sssonector("pki", "show")).toMatchObject({ exit: 2 });
  });

  it("loads a command's libraries only for that command", async () => {
    const table = path.join(path.dirname(entry), "programs.ts");
    const texts = await Promise.all([entry, table].map(async (file) => await readFile(file, "utf8")));
    const eager = texts.flatMap((text) => [...text.matchAll(/^import .* from "([^"]+)"/gm)].map(([, from]) => from));
    for (const from of eager) expect(from).toMatch(/^(node:|\.\.\/shared\/errors|\.\/programs)/);
  });
});

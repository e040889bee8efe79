import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));

test("every picture that the manual names is there, and no line of it is wider than its terminal", () => {
  const page = readFileSync(`${docs}console.md`, "utf8");
  const named = [...page.matchAll(/\((screens\/[\w-]+\.txt)\)/g)].map(([, file]) => file ?? "");
  expect(named.map((file) => [file, existsSync(docs + file)])).toEqual(named.map((file) => [file, true]));
  expect(named.map((file) => file.slice("screens/".length)).toSorted()).toEqual(
    readdirSync(`${docs}screens`).toSorted(),
  );
  for (const file of named) {
    const [, columns, rows] = /-(\d+)x(\d+)\.txt$/.exec(file) ?? [];
    const lines = readFileSync(docs + file, "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.length).toBeLessThanOrEqual(Number(rows));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Number(columns));
    expect(lines[0]).toMatch(/LIVE|AGO/);
  }
});

test("the README shows one of them", () => {
  const page = readFileSync(`${docs}../README.md`, "utf8");
  const picture = readFileSync(`${docs}screens/connections-80x24.txt`, "utf8").trimEnd();
  expect(page).toContain(`<!-- screen -->\n\`\`\`text\n${picture}\n\`\`\`\n<!-- /screen -->`);
});

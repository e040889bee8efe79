// Writes the pages that follow from tables in the code; with --check, names the stale ones and exits 1.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationPage } from "./docs/configuration.ts";
import { errorsPage } from "./docs/errors.ts";
import { exampleConfig } from "./docs/example.ts";

/** One line per generated page: its path and the function that makes its text. */
const pages: readonly (readonly [path: string, text: () => string])[] = [
  ["config/sssonector.example.yaml", () => exampleConfig("server", "defaults")],
  ["docs/configuration.md", configurationPage],
  ["docs/errors.md", errorsPage],
];

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const root = join(import.meta.dirname, "..");
const stale = pages
  .map(([path, text]) => ({ path, text: text() }))
  .filter(({ path, text }) => current(join(root, path)) !== text);

if (process.argv.includes("--check")) {
  for (const { path } of stale) console.error(`${path} is stale; run: node scripts/generate-docs.ts`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { path, text } of stale) writeFileSync(join(root, path), text);
}

// Writes the pages that follow from tables in the code; with --check, names the stale ones and exits 1.
import { join } from "node:path";
import { stalePages, writePages } from "./docs/pages.ts";

const root = join(import.meta.dirname, "..");

if (process.argv.includes("--check")) {
  const stale = stalePages(root);
  for (const { path } of stale) console.error(`${path} is stale; run: node scripts/generate-docs.ts`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  writePages(root);
}

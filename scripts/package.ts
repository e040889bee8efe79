// Makes dist-packages/: a .deb and a tarball for Linux on this machine's processor, each with its own Node.
// usage: node scripts/package.ts [--out DIRECTORY]
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildDeb } from "./package/deb.ts";
import { facts } from "./package/facts.ts";
import { buildTarball } from "./package/tarball.ts";

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist-packages") } } });
const work = mkdtempSync(join(tmpdir(), "sssonector-package-"));
try {
  mkdirSync(values.out, { recursive: true });
  const about = facts(root);
  for (const file of [buildDeb(about, work, values.out), buildTarball(about, work, values.out)]) console.log(file);
} finally {
  rmSync(work, { recursive: true });
}

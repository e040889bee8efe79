import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { Facts } from "./facts.ts";
import { type Module, productionModules } from "./modules.ts";

/** Types, maps, sources, pages and settings of tools that no program reads; koffi's build for musl, which Debian lacks. */
const unread = /(?:\.[cm]?ts|\.map|\.md|\.markdown|\.tsbuildinfo|\/\.[^/]*|\/musl_\w+|\/node_modules)$/;

/** Puts what runs into `target`: the launchers, the programs, their modules and Node. */
export function stagePrograms({ root, arch }: Facts, target: string): Module[] {
  const modules = productionModules(root);
  for (const folder of ["bin", "dist", "package.json", "LICENSE"]) copy(join(root, folder), join(target, folder));
  const runtime = `node-linux-${arch}`;
  for (const { folder, name } of modules) {
    if (name !== runtime) copy(join(root, folder), join(target, folder));
  }
  const from = join(root, "node_modules", runtime);
  const to = join(target, "node_modules", runtime);
  mkdirSync(join(to, "bin"), { recursive: true });
  for (const file of ["bin/node", "LICENSE", "package.json"]) cpSync(join(from, file), join(to, file));
  // A fifth of it is names for debuggers.
  execFileSync("strip", ["--strip-unneeded", join(to, "bin/node")]);
  return modules;
}

function copy(from: string, to: string): void {
  if (!existsSync(from)) throw new Error(`${basename(from)} is missing; run: npm ci && npm run build`);
  cpSync(from, to, { recursive: true, filter: (path) => !unread.test(`/${relative(from, path)}`) });
}

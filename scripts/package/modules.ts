import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Module {
  /** Folder below the repository, such as "node_modules/ws". */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

interface LockEntry {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** What the programs need at run time, of what is installed: the lockfile knows which modules are for development only. */
export function productionModules(root: string): Module[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  return Object.entries(lock.packages)
    .filter(([folder, { dev, devOptional }]) => folder !== "" && dev !== true && devOptional !== true)
    .filter(([folder]) => existsSync(join(root, folder)))
    .map(([folder]) => moduleAt(root, folder));
}

function moduleAt(root: string, folder: string): Module {
  const about = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Omit<Module, "folder">;
  const { name, version, license } = about;
  if (typeof license !== "string") throw new Error(`${folder} does not name its license as SPDX does`);
  return { folder, name, version, license };
}

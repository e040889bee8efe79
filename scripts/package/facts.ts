import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What both packages say about themselves. */
export interface Facts {
  /** The repository, built. */
  readonly root: string;
  readonly version: string;
  readonly description: string;
  /** Node's name of the processor. */
  readonly arch: "x64" | "arm64";
  /** Of the change that is packaged; decides the packages' time stamps. */
  readonly date: Date;
}

export function facts(root: string): Facts {
  const { version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Facts;
  const { arch } = process;
  if (arch !== "x64" && arch !== "arm64") throw new Error(`no Node is bundled for ${arch}`);
  return { root, version, description, arch, date: new Date(seconds(root) * 1000) };
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the last commit, else now. */
function seconds(root: string): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined) return Number(given);
  try {
    return Number(execFileSync("git", ["-C", root, "log", "-1", "--format=%ct"], { encoding: "utf8" }));
  } catch {
    return Math.floor(Date.now() / 1000);
  }
}

export function debianArch({ arch }: Facts): "amd64" | "arm64" {
  return arch === "x64" ? "amd64" : "arm64";
}

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Facts } from "./facts.ts";
import { stageShare } from "./share.ts";
import { stagePrograms } from "./tree.ts";

/** Makes sssonector-VERSION-linux-ARCH.tar.gz in `out`: bin/ and what belongs to it, to be unpacked anywhere. */
export function buildTarball(about: Facts, work: string, out: string): string {
  const name = `sssonector-${about.version}-linux-${about.arch}`;
  const tree = join(work, name);
  mkdirSync(tree);
  stagePrograms(about, tree);
  stageShare(about, tree);
  const file = join(out, `${name}.tar.gz`);
  const time = `--mtime=@${about.date.getTime() / 1000}`;
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX", time];
  execFileSync("tar", ["-C", work, ...same, "-czf", file, name]);
  return file;
}

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { control, copyright, debianChangelog } from "./debian.ts";
import { debianArch, type Facts } from "./facts.ts";
import { gzip, stageShare, write } from "./share.ts";
import { stagePrograms } from "./tree.ts";

const scripts = ["postinst", "prerm", "postrm"];

/** Makes the .deb in `out`; returns its path. */
export function buildDeb(about: Facts, work: string, out: string): string {
  const tree = join(work, "deb");
  const programs = join(tree, "usr/lib/sssonector");
  mkdirSync(programs, { recursive: true });
  const modules = stagePrograms(about, programs);
  stageShare(about, join(tree, "usr"));
  mkdirSync(join(tree, "usr/bin"));
  for (const name of ["sssonector", "sssonectord"]) {
    symlinkSync(`../lib/sssonector/bin/${name}`, join(tree, "usr/bin", name));
  }
  const here = join(import.meta.dirname, "debian");
  const documents = join(tree, "usr/share/doc/sssonector");
  const changes = readFileSync(join(about.root, "CHANGELOG.md"), "utf8");
  write(join(documents, "changelog.gz"), gzip(Buffer.from(debianChangelog(about, changes))));
  write(join(documents, "copyright"), copyright(readFileSync(join(about.root, "LICENSE"), "utf8"), modules));
  write(join(tree, "usr/share/lintian/overrides/sssonector"), readFileSync(join(here, "lintian-overrides")));
  normalise(tree, about.date);
  for (const script of scripts) cpSync(join(here, script), join(tree, "DEBIAN", script));
  const size = Number(execFileSync("du", ["-sk", "--apparent-size", tree], { encoding: "utf8" }).split("\t", 1)[0]);
  write(join(tree, "DEBIAN/control"), control(about, size));
  write(join(tree, "DEBIAN/md5sums"), sums(tree));
  execFileSync("chmod", ["755", ...scripts.map((script) => join(tree, "DEBIAN", script))]);
  const file = join(out, `sssonector_${about.version}_${debianArch(about)}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(about.date.getTime() / 1000) };
  // Debian takes no zstd; higher levels of xz save a sixth of the size and take five times as long.
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--build", tree, file], { env });
  return file;
}

/** The same modes and times whoever builds it. */
function normalise(tree: string, date: Date): void {
  execFileSync("chmod", ["-R", "u=rwX,go=rX", tree]);
  const programs = join(tree, "usr/lib/sssonector");
  execFileSync("find", [programs, "-type", "f", "-not", "-path", "*/bin/*", "-exec", "chmod", "644", "{}", "+"]);
  execFileSync("find", [tree, "-exec", "touch", "--no-dereference", `--date=@${date.getTime() / 1000}`, "{}", "+"]);
}

function sums(tree: string): string {
  const options = { cwd: tree, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  return execFileSync("find", ["usr", "-type", "f", "-exec", "md5sum", "{}", "+"], options);
}

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Facts } from "./facts.ts";

/** Where the shells look for completions, below the prefix. */
const completions = {
  bash: "share/bash-completion/completions/sssonector",
  zsh: "share/zsh/vendor-completions/_sssonector",
  fish: "share/fish/vendor_completions.d/sssonector.fish",
} as const;

/** Folders of config/ that an operator copies from, and where they go below share/sssonector. */
const copied = { "systemd/drop-ins": "systemd", "sysctl.d": "sysctl.d", prometheus: "prometheus", grafana: "grafana" };

/** Puts all that is no program below `prefix`, as in /usr: man pages, completions, units, examples and documents. */
export function stageShare({ root }: Facts, prefix: string): void {
  for (const page of readdirSync(join(root, "man"))) {
    const section = page.slice(-1);
    write(join(prefix, "share/man", `man${section}`, `${page}.gz`), gzip(readFileSync(join(root, "man", page))));
  }
  for (const [shell, path] of Object.entries(completions)) {
    write(join(prefix, path), execFileSync(join(root, "bin/sssonector"), ["completion", shell]));
  }
  for (const unit of ["sssonectord.service", "sssonector@.service"]) {
    copy(join(root, "config/systemd", unit), join(prefix, "lib/systemd/system", unit));
  }
  for (const folder of ["sysusers.d", "tmpfiles.d"]) copy(join(root, "config", folder), join(prefix, "lib", folder));
  for (const [from, to] of Object.entries(copied)) {
    if (existsSync(join(root, "config", from))) copy(join(root, "config", from), join(prefix, "share/sssonector", to));
  }
  const documents = join(prefix, "share/doc/sssonector");
  copy(join(root, "config/sssonector.example.yaml"), join(documents, "examples/sssonector.yaml"));
  copy(join(root, "docs"), join(documents, "docs"));
  for (const page of ["README.md", "SECURITY.md"]) copy(join(root, page), join(documents, page));
}

/** Without the time, so that the same input makes the same file. */
export function gzip(data: Buffer): Buffer {
  return gzipSync(data, { level: 9 });
}

export function write(file: string, data: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}

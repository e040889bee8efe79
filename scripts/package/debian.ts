import { debianArch, type Facts } from "./facts.ts";
import type { Module } from "./modules.ts";

const maintainer = "SSSonector maintainers <maintainers@users.noreply.github.com>";

/** The control file; `size` in KiB. */
export function control(about: Facts, size: number): string {
  return `Package: sssonector
Version: ${about.version}
Architecture: ${debianArch(about)}
Maintainer: ${maintainer}
Installed-Size: ${size}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 9), libatomic1, iproute2, systemd | systemd-standalone-sysusers
Recommends: nftables
Suggests: prometheus, bash-completion
Section: net
Priority: optional
Description: ${about.description}
 sssonectord carries IP packets over mutually authenticated TLS 1.3 between TUN
 interfaces of a client and its servers. sssonector steers and shows it, and
 keeps the certificate authority.
 .
 The package brings its own Node runtime.
`;
}

/** The newest section of CHANGELOG.md as Debian writes it. */
export function debianChangelog({ version, date }: Facts, changelog: string): string {
  const newest = changelog.split(/^## /m)[1] ?? "";
  const entries = newest.match(/^- .*(?:\n {2}.*)*/gm) ?? [];
  const lines = entries.map((entry) => `  * ${wrapped(entry.slice(2)).join("\n    ")}`);
  const day = date.toUTCString().replace("GMT", "+0000");
  return `sssonector (${version}) stable; urgency=medium\n\n${lines.join("\n")}\n\n -- ${maintainer}  ${day}\n`;
}

/** Lines of at most 74 signs, which with the indent make Debian's 80. */
function wrapped(text: string): string[] {
  const words = text.replaceAll(/\s+/g, " ").trim();
  return words.match(/\S.{0,73}(?=\s|$)/g) ?? [];
}

/** Machine-readable copyright: ours, and where the text of each bundled module's lies. */
export function copyright(license: string, modules: readonly Module[]): string {
  const bundled = modules.map(({ folder, version, license: name }) => ` ${folder} ${version}: ${name}`).toSorted();
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sssonector
Comment: Bundled, with the text of its license in each folder of /usr/lib/sssonector:
${bundled.join("\n")}

Files: *
Copyright: 2026 SSSonector authors
License: MIT

License: MIT
${indented(license.replace(/^MIT License\s+/, ""))}
`;
}

/** Continuation lines of a field; a dot stands for an empty one. */
function indented(text: string): string {
  return text.trim().replaceAll(/^/gm, " ").replaceAll(/^ $/gm, " .");
}

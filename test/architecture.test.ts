import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const sourceRoot = fileURLToPath(new URL("../src/", import.meta.url));

/** Stages of the packet path and the control plane: each does one thing and does not know its neighbours. */
const stages = [
  "access",
  "balance",
  "breaker",
  "capture",
  "config",
  "control",
  "forward",
  "handover",
  "health",
  "limit",
  "link",
  "logs",
  "metrics",
  "pool",
  "service",
  "service-manager",
  "session",
  "store",
  "tls",
  "tun",
].map((name) => `daemon/${name}`);

interface Row {
  zones: readonly string[];
  /** Zones that these may import besides themselves. */
  may: readonly string[];
  /** Zones that these may load by `import()` only. */
  lazily?: readonly string[];
  because: string;
}

const table: readonly Row[] = [
  { zones: ["shared"], may: [], because: "both programs speak it, so it can depend on neither" },
  { zones: ["tui"], may: ["shared"], because: "the console knows the daemon through the control protocol only" },
  {
    zones: ["cli"],
    may: ["shared"],
    lazily: ["tui"],
    because:
      "verbs must start fast and know the daemon through the control protocol only; `top` alone loads the console",
  },
  { zones: ["daemon/sys"], may: ["shared"], because: "system calls are the lowest layer" },
  { zones: ["daemon/packet"], may: ["shared"], because: "pure functions over packet bytes need nothing of the daemon" },
  {
    zones: stages,
    may: ["shared", "daemon/sys", "daemon/packet"],
    because:
      "a stage does not know its neighbours; flow/, monitor/, engine/ and the files of src/daemon bring stages together",
  },
  {
    zones: ["daemon/flow", "daemon/monitor"],
    may: ["shared", "daemon/sys", "daemon/packet", ...stages],
    because: "the two flows know the stages, not those who wire them",
  },
  {
    zones: ["daemon/engine"],
    may: ["shared", "daemon/sys", "daemon/packet", "daemon/flow", ...stages],
    because: "the data plane's wiring runs in a thread of its own and does not know the control plane's",
  },
  {
    zones: ["daemon/diagnose"],
    may: ["shared", "daemon/sys", ...stages],
    because: "it asks the stages what they would say at a start, and runs instead of the daemon",
  },
  {
    zones: ["daemon"],
    may: [
      "shared",
      "daemon/sys",
      "daemon/packet",
      "daemon/flow",
      "daemon/monitor",
      "daemon/engine",
      "daemon/diagnose",
      ...stages,
    ],
    because: "the daemon serves the console and the command, and works without them",
  },
];

interface PackageRow {
  packages: readonly string[];
  zones: readonly string[];
  because: string;
}

const packageTable: readonly PackageRow[] = [
  { packages: ["@peculiar/x509", "reflect-metadata"], zones: ["cli"], because: "14 MB that the daemon must not carry" },
  { packages: ["yargs", "yargs/helpers"], zones: ["cli"], because: "the daemon has three options" },
  { packages: ["ink", "react", "react/jsx-runtime"], zones: ["tui"], because: "only the console draws" },
  {
    packages: ["koffi"],
    zones: ["daemon/sys", "daemon/tun"],
    because: "system calls sit behind an interface with a twin",
  },
  { packages: ["yaml", "cosmiconfig"], zones: ["daemon/config", "cli"], because: "config is parsed in one place" },
];

interface Edge {
  file: string;
  target: string;
  lazy: boolean;
}

/** The imports of one source text: static, re-exporting and dynamic ones. */
function importsOf(text: string): { specifier: string; lazy: boolean }[] {
  const plain = text.matchAll(/^\s*(?:import|export)\b(?:[^;"'()]*?\bfrom)?\s*"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\(\s*"([^"]+)"/g);
  return [
    ...[...plain].map((found) => ({ specifier: found[1] ?? "", lazy: false })),
    ...[...dynamic].map((found) => ({ specifier: found[1] ?? "", lazy: true })),
  ];
}

function edgesOf(file: string, text: string): Edge[] {
  return importsOf(text).map(({ specifier, lazy }) => ({
    file,
    target: specifier.startsWith(".") ? path.posix.join(path.posix.dirname(file), specifier) : specifier,
    lazy,
  }));
}

/** `daemon/link/frame.ts` is of zone `daemon/link`; `daemon/main.ts` of `daemon`; `cli/pki/init.ts` of `cli`. */
function zoneOf(file: string): string {
  const [program = "", folder = "", ...deeper] = file.split("/");
  return program === "daemon" && deeper.length > 0 ? `${program}/${folder}` : program;
}

/** Why this edge is forbidden, or undefined when it is allowed. */
function offence({ file, target, lazy }: Edge): string | undefined {
  const from = zoneOf(file);
  const row = table.find(({ zones }) => zones.includes(from));
  if (row === undefined) return `${file}: folder ${from} is not in the import table; add it with a reason`;
  if (/^(shared|daemon|cli|tui)\//.test(target)) {
    const to = zoneOf(target);
    if (to === from || row.may.includes(to) || (lazy && row.lazily?.includes(to))) return undefined;
    return `${file} → ${target}: forbidden, ${row.because}`;
  }
  const reserved = packageTable.find(({ packages }) => packages.includes(target));
  if (reserved === undefined || reserved.zones.includes(from)) return undefined;
  return `${file} → ${target}: forbidden outside ${reserved.zones.join(", ")}, ${reserved.because}`;
}

function sourceFiles(): string[] {
  return readdirSync(sourceRoot, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
}

test("no source file imports what the table forbids", () => {
  const offences = sourceFiles()
    .flatMap((file) => edgesOf(file, readFileSync(path.join(sourceRoot, file), "utf8")))
    .map(offence)
    .filter((text) => text !== undefined);
  expect(offences).toEqual([]);
});

test.each([
  ["shared/units.ts", `import { x } from "../daemon/config/load.ts";`],
  ["tui/app.tsx", `import type { Status } from "../daemon/control/backend.ts";`],
  ["cli/main.ts", `import {\n  run,\n} from "../tui/main.tsx";`],
  ["daemon/link/dialer.ts", `export { lookup } from "../session/table.ts";`],
  ["daemon/flow/outbound.ts", `import { start } from "../engine/engine.ts";`],
  ["daemon/engine/worker.ts", `import "../daemon.ts";`],
  ["daemon/tls/identity.ts", `import * as x509 from "@peculiar/x509";`],
  ["daemon/control/server.ts", `const { App } = await import("../../tui/app.tsx");`],
  ["daemon/other/new.ts", `import { x } from "../link/frame.ts";`],
])("a forbidden edge of %s is found", (file, text) => {
  expect(edgesOf(file, text).map(offence)).toEqual([expect.stringContaining(file)]);
});

test.each([
  ["cli/main.ts", `const { run } = await import("../tui/main.tsx");`],
  ["daemon/flow/inbound.ts", `import type { Link } from "../link/link.ts";`],
  ["daemon/main.ts", `import { Daemon } from "./daemon.ts";`],
])("an allowed edge of %s passes", (file, text) => {
  expect(edgesOf(file, text).map(offence)).toEqual([undefined]);
});

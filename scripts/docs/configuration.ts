import { settingsTable } from "../../src/daemon/config/table.ts";
import type { Setting } from "../../src/daemon/config/setting.ts";
import { table } from "./markdown.ts";
import { defaultOf, effectOf, notYet, takes } from "./wording.ts";

/** docs/configuration.md: every setting, by section. */
export function configurationPage(): string {
  const sections = Map.groupBy(settingsTable, ({ path }) => path.replace(/[.[].*/, ""));
  const tables = [...sections].flatMap(([name, settings]) => [`## ${name}`, "", ...settingsOf(settings), ""]);
  return [...intro, ...tables].join("\n");
}

function settingsOf(settings: readonly Setting[]): string[] {
  const head = ["Setting", "Takes", "Default", "Reload", "Meaning"];
  return table(
    head,
    settings.map((setting) => [
      `\`${setting.path}\``,
      takes(setting),
      defaultOf(setting),
      setting.reload === "live" ? "yes" : "restart",
      [end(setting), setting.doc, effectOf(setting)].filter((part) => part !== "").join(" "),
    ]),
  );
}

function end({ mode }: Setting): string {
  return mode === "both" ? "" : `${mode === "server" ? "Server" : "Client"} only.`;
}

const intro = [
  "# Configuration",
  "",
  "Generated from the settings table in src/daemon/config; `config/sssonector.example.yaml` shows the same in place.",
  "",
  "- `sssonectord --config FILE` reads one YAML or JSON file. Without `--config` it takes `sssonector.yaml`,",
  "  `sssonector.yml` or `sssonector.json` of the working directory, else of /etc/sssonector. Code is never executed.",
  "- `--check-config` prints each problem as `FILE:LINE:COL: path: message`, all of them at once. Unknown settings,",
  "  missing units, values out of range and settings that contradict each other are errors (exit 2).",
  "- Every setting outside a list can come from the environment, which wins over the file: `core.workers` is",
  "  `SSSONECTOR_CORE_WORKERS`. A list is written with commas. Other variables that start with `SSSONECTOR_` are errors.",
  "- Relative paths start from the directory of the file.",
  "- `sssonector ctl config` shows each setting with its value, where it came from, and whether a reload (`SIGHUP`)",
  "  applies a change. `[]` in a name stands for each entry of a list.",
  "- Certificates and keys are a file, or the PEM text itself (as `sssonector pki bundle` writes it).",
  `- Settings of systems that are not built yet are marked “${notYet}”;`,
  "  `--check-config` lists the ones that were set.",
  "",
  "Units",
  "",
  "- Sizes are memory: `512B`, `32KB` (= `32KiB` = 32768 bytes), `4MB`, `1GB`; K, M and G are powers of 1024.",
  "- Durations: `250ms`, `30s`, `1m`, `24h`, `365d`.",
  "- Rates are traffic, in powers of 1000: `100mbit`, `1gbit` (bits a second), `12MB/s` (bytes a second), a bare `10000`",
  "  (packets a second), `unlimited`. What comes out uneven is rounded to whole bytes.",
  "- Bursts: a size, or a bare number of packets.",
  "- A bare number where a unit belongs is an error.",
  "",
];

import type { Setting } from "../../../src/daemon/config/setting.ts";
import { settingsTable } from "../../../src/daemon/config/table.ts";
import { defaultOf, effectOf, takes } from "../wording.ts";
import { bold, literal, page, paragraph, section, term, text } from "./troff.ts";

/** man/sssonector.yaml.5 */
export function settingsManual(): string {
  const sections = Map.groupBy(settingsTable, ({ path }) => path.replace(/[.[].*/, ""));
  return page(
    "sssonector.yaml",
    5,
    "configuration of sssonectord",
    section(
      "Description",
      text(
        "One YAML or JSON file. sssonectord --check-config prints every mistake in it with its place. Relative paths start",
      ),
      text(
        "from the directory of the file; certificates and keys are a file, or the PEM text itself. A dot in a name below",
      ),
      text("stands for a nested block, [] for each entry of a list:"),
      literal(...example),
      paragraph(
        text("Every setting outside a list can come from the environment: core.workers is SSSONECTOR_CORE_WORKERS."),
      ),
      paragraph(
        text(
          "Sizes: 512B, 32KB, 4MB, 1GB, in powers of 1024. Durations: 250ms, 30s, 1m, 24h, 365d. Rates: 100mbit, 1gbit,",
        ),
      ),
      text("12MB/s, in powers of 1000; a bare number is packets a second; unlimited."),
    ),
    ...[...sections].map(([name, settings]) => section(name, ...settings.map(setting))),
    section("Files", text("/usr/share/doc/sssonector/examples/sssonector.yaml shows every setting in place.")),
    section("See also", `${bold("sssonectord")}(8), ${bold("sssonector")}(1)`),
  );
}

const example = [
  "core: {mode: server, name: eu-1}",
  "network: {interface: sss0, address: 10.8.0.1/16}",
  'tunnel: {listen: "0.0.0.0:8443"}',
  "security: {tls: {cert: eu-1.crt, key: eu-1.key, ca: ca.crt, crl: ca.crl}}",
];

function setting(row: Setting): string {
  const end = row.mode === "both" ? [] : [`${row.mode === "server" ? "Server" : "Client"} only.`];
  const change = row.reload === "live" ? "A reload applies a change." : "A change needs a restart.";
  const facts = [`Takes ${takes(row)}.`, `Default: ${defaultOf(row)}.`, change, effectOf(row)];
  return term(bold(row.path), text([...end, row.doc, ...facts].filter((part) => part !== "").join(" ")));
}

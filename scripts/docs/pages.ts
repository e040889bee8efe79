import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configurationPage } from "./configuration.ts";
import { ctlSchema } from "./ctl-schema/document.ts";
import { doctorPage } from "./doctor.ts";
import { dropsPage } from "./drops.ts";
import { errorsPage } from "./errors.ts";
import { eventsPage } from "./events.ts";
import { metricsPage } from "./metrics.ts";
import { exampleConfig } from "./example.ts";
import { performancePages } from "./performance/page.ts";
import { commandManual } from "./man/command.ts";
import { daemonManual } from "./man/daemon.ts";
import { settingsManual } from "./man/settings.ts";

export interface Page {
  path: string;
  text: () => string;
}

/** Every generated page: one line and one function each. */
export const pages: readonly Page[] = [
  { path: "config/sssonector.example.yaml", text: () => exampleConfig("server", "defaults") },
  { path: "docs/configuration.md", text: configurationPage },
  { path: "docs/ctl.schema.json", text: ctlSchema },
  { path: "docs/doctor.md", text: doctorPage },
  { path: "docs/drops.md", text: dropsPage },
  { path: "docs/errors.md", text: errorsPage },
  { path: "docs/events.md", text: eventsPage },
  { path: "docs/metrics.md", text: metricsPage },
  ...performancePages(),
  { path: "man/sssonector.1", text: commandManual },
  { path: "man/sssonectord.8", text: daemonManual },
  { path: "man/sssonector.yaml.5", text: settingsManual },
];

/** The pages below `root` that are missing or differ from what the code says. */
export function stalePages(root: string): Page[] {
  return pages.filter(({ path, text }) => current(join(root, path)) !== text());
}

export function writePages(root: string): void {
  for (const { path, text } of stalePages(root)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text());
  }
}

function current(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

import { readFileSync } from "node:fs";

function file(name: string): string {
  return readFileSync(new URL(`../../../config/${name}`, import.meta.url), "utf8");
}

export const rulesFile = "prometheus/rules.yml";
const dashboardFile = "grafana/dashboard.json";

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

/** Every query of the dashboard, by its panel, with what Grafana fills in. */
export function dashboardQueries(): { panel: string; query: string }[] {
  const { panels } = JSON.parse(file(dashboardFile)) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      panel: title,
      query: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
    })),
  );
}

/** Names of the metrics that the alert rules and the dashboard speak of. */
export function metricsSpokenOf(): string[] {
  const names = `${file(rulesFile)}${file(dashboardFile)}`.matchAll(/\bsssonector_[a-z_]+/g);
  return [...new Set([...names].map(([name]) => name))];
}

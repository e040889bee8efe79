import { metricChapters } from "../../src/daemon/metrics/catalogue.ts";
import { metricPrefix } from "../../src/daemon/metrics/metric.ts";
import { table } from "./markdown.ts";

/** docs/metrics.md: every metric, by chapter. */
export function metricsPage(): string {
  const chapters = Object.entries(metricChapters).flatMap(([title, metrics]) => [
    `## ${title}`,
    "",
    ...table(
      ["Metric", "Type", "Labels", "Series", "Meaning"],
      metrics.map(({ name, type, labels, bound, help }) => [
        `\`${metricPrefix}${name}\``,
        type,
        labels.map((label) => `\`${label}\``).join(", "),
        bound ?? "1",
        help,
      ]),
    ),
    "",
  ]);
  return [...intro, ...chapters].join("\n");
}

const intro = [
  "# Metrics",
  "",
  "Generated from src/daemon/metrics/catalogue.ts.",
  "",
  "- `monitoring.prometheus` opens an HTTP endpoint on the control plane, on loopback unless its address says otherwise:",
  "  `/metrics` (or its `path`), `/healthz` (200 as long as the daemon answers) and `/readyz` (200 while it carries traffic,",
  "  503 while it drains, stops or has no server to use). It takes GET and HEAD only and knows nobody: put a",
  "  reverse proxy with authentication in front of it before it leaves the host.",
  "- A port that is in use does not stop the daemon: `ctl health` says so and it is tried again every ten seconds.",
  "- `sssonector ctl metrics` prints the same text without an endpoint.",
  "- Units are Prometheus' base units: seconds, bytes, ratios from 0 to 1. Counters start from 0 with the daemon.",
  "- Series by client are off; `monitoring.prometheus.per_identity: N` gives the first N identities their own.",
  "- config/prometheus/rules.yml has alert rules, config/grafana/dashboard.json a dashboard, config/prometheus/scrape.yml",
  "  what to add to prometheus.yml.",
  "",
];

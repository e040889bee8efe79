import { expect, it, test } from "vitest";
import { catalogue } from "../../src/daemon/metrics/catalogue.ts";
import { Exporter } from "../../src/daemon/metrics/exposition.ts";
import { metricPrefix } from "../../src/daemon/metrics/metric.ts";
import { aSnapshot } from "../fakes/snapshot.ts";
import { aView } from "./view.ts";

const { text } = await new Exporter().write(aView());
const lines = text.split("\n");

test.each(catalogue.map((metric) => [metric.name, metric] as const))("%s keeps the conventions", (name, metric) => {
  expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
  expect(name.endsWith("_total")).toBe(metric.type === "counter");
  expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|mb|percent|bps)(_|$)/);
  expect(metric.help).toMatch(/^[A-Z1].*\.$/);
  expect(metric.labels.length > 0).toBe(metric.bound !== undefined);
});

test.each(catalogue.map((metric) => [metric.name, metric] as const))(
  "%s has values with its labels",
  (name, metric) => {
    const samples = metric.read(aView());
    expect(samples).not.toEqual([]);
    for (const { labels, value } of samples) {
      expect(Object.keys(labels).toSorted()).toEqual([...metric.labels].toSorted());
      expect(Number.isFinite(value)).toBe(true);
    }
    const series = samples.map(({ labels }) => JSON.stringify(labels));
    expect(new Set(series).size).toBe(series.length);
    expect(lines).toContain(`# TYPE ${metricPrefix}${name} ${metric.type}`);
    expect(
      lines.filter((line) => line.startsWith(`${metricPrefix}${name}{`) || line.startsWith(`${metricPrefix}${name} `)),
    ).toHaveLength(samples.length);
  },
);

it("names are unique", () => {
  expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
});

it("a scrape shows what is, not the sum of scrapes, and leaves out what has no value", async () => {
  const exporter = new Exporter();
  await exporter.write(aView());
  const again = await exporter.write(
    aView({ snapshot: aSnapshot(), log: { written: 101, lost: 1 }, refused: { not_tls: 4 } }),
  );
  expect(again.type).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(again.text).toContain("\nsssonector_log_lines_total 101\n");
  expect(again.text).toContain('\nsssonector_handshakes_refused_total{reason="not_tls"} 4\n');
  expect(again.text).not.toContain("certificate_revoked");
  expect(again.text).not.toContain("\nsssonector_reload_timestamp_seconds ");
});

it("escapes what stands in labels", async () => {
  const identity = 'a"b\\c\nd';
  const exposition = await new Exporter().write(aView({ identities: [{ identity, connections: 1, rx: 0, tx: 0 }] }));
  expect(exposition.text).toContain('sssonector_identity_connections{identity="a\\"b\\\\c\\nd"} 1');
});

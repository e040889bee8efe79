import type { Bucket } from "../../../shared/control/snapshot.ts";
import { labelled, type Metric } from "../metric.ts";

const scopes: readonly Bucket["scope"][] = ["global", "identity", "connection", "service"];
const directions: readonly Bucket["direction"][] = ["up", "down"];

/** Sessions come as they like, so that their buckets have no series of their own. */
function isNamed({ scope }: Bucket): boolean {
  return scope === "global" || scope === "service";
}

/** A figure of each bucket that the configuration names. */
function ofBucket(
  row: { name: string; type?: Metric["type"]; help: string },
  value: (bucket: Bucket) => number | null,
): Metric {
  return labelled({
    type: "gauge",
    ...row,
    labels: ["bucket", "unit"],
    bound: "2 for the whole daemon, 2 for each service",
    series: ({ snapshot }) =>
      snapshot.buckets.filter(isNamed).map((bucket) => [{ bucket: bucket.name, unit: bucket.unit }, value(bucket)]),
  });
}

/** The worst of all buckets of a scope. */
function worst(name: string, help: string, value: (bucket: Bucket) => number | null): Metric {
  return labelled({
    name,
    type: "gauge",
    labels: ["scope", "direction"],
    help,
    bound: "4 scopes of 2 directions",
    series: ({ snapshot }) =>
      scopes.flatMap((scope) =>
        directions.map((direction) => {
          const rows = snapshot.buckets.filter((one) => one.scope === scope && one.direction === direction);
          return [{ scope, direction }, Math.max(0, ...rows.map((row) => value(row) ?? 0))] as const;
        }),
      ),
  });
}

/** Token buckets; what they drop in all is dropped_packets_total{reason="over_rate"}. */
export const limitMetrics: readonly Metric[] = [
  worst(
    "buckets_utilization_ratio",
    "Use of its rate within the last second, of the bucket with the most.",
    ({ utilisation }) => (utilisation === null ? null : utilisation / 100),
  ),
  worst(
    "buckets_wait_seconds",
    "How long the packet that last passed had waited, of the bucket with the longest wait.",
    (row) => row.waiting_ms / 1000,
  ),
  ofBucket(
    { name: "bucket_limit", help: "Rate of a bucket in its unit, a second; absent while it is unlimited." },
    ({ rate }) => rate,
  ),
  ofBucket(
    { name: "bucket_tokens", help: "What is left of the burst, in the bucket's unit; absent while it is unlimited." },
    ({ tokens }) => tokens,
  ),
  ofBucket(
    { name: "bucket_utilization_ratio", help: "Use of the rate within the last second; absent while it is unlimited." },
    ({ utilisation }) => (utilisation === null ? null : utilisation / 100),
  ),
  ofBucket(
    { name: "bucket_wait_seconds", help: "How long the packet that last passed had waited." },
    (row) => row.waiting_ms / 1000,
  ),
  ofBucket(
    { name: "bucket_dropped_packets_total", type: "counter", help: "Packets that were too many for the bucket." },
    ({ dropped }) => dropped,
  ),
];

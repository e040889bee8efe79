import { backendMetrics } from "./catalogue/backends.ts";
import { daemonMetrics } from "./catalogue/daemon.ts";
import { limitMetrics } from "./catalogue/limits.ts";
import { serviceMetrics } from "./catalogue/services.ts";
import { trafficMetrics } from "./catalogue/traffic.ts";
import type { Metric } from "./metric.ts";

/** Every metric of the daemon, by chapter. */
export const metricChapters: Readonly<Record<string, readonly Metric[]>> = {
  "Connections and traffic": trafficMetrics,
  "Backends and breakers": backendMetrics,
  "Rate limits": limitMetrics,
  "Published services": serviceMetrics,
  "Health of the daemon": daemonMetrics,
};

export const catalogue: readonly Metric[] = Object.values(metricChapters).flat();

import type { DaemonState } from "../../../shared/control/snapshot.ts";
import { counter, gauge, labelled, type Metric, oneHot } from "../metric.ts";

const states: readonly DaemonState[] = ["starting", "ready", "degraded", "draining", "stopping"];
const severities = ["warning", "critical"] as const;

/** State, certificates, reloads, loops and resources. */
export const daemonMetrics: readonly Metric[] = [
  labelled({
    name: "build_info",
    type: "gauge",
    labels: ["version", "node", "mode", "name"],
    help: "Always 1; what runs.",
    bound: "1",
    series: ({ snapshot: { status } }) => [
      [{ version: status.version, node: process.versions.node, mode: status.mode, name: status.name }, 1],
    ],
  }),
  labelled({
    name: "state",
    type: "gauge",
    labels: ["state"],
    help: "1 for the state that the daemon is in.",
    bound: "5 states",
    series: ({ snapshot }) => oneHot({}, states, snapshot.status.state),
  }),
  labelled({
    name: "alerts",
    type: "gauge",
    labels: ["severity"],
    help: "Problems that `sssonector ctl status` shows.",
    bound: "2 severities",
    series: ({ snapshot: { status } }) =>
      severities.map((severity) => [{ severity }, status.alerts.filter((alert) => alert.severity === severity).length]),
  }),
  gauge("uptime_seconds", "Since the daemon started.", ({ snapshot }) => snapshot.status.uptime_seconds),
  labelled({
    name: "events_total",
    type: "counter",
    labels: ["code"],
    help: "Events by code, those that were left out of the log too; codes in docs/events.md.",
    bound: "codes of docs/events.md",
    series: ({ events }) => Object.entries(events).map(([code, count]) => [{ code }, count]),
  }),
  counter(
    "events_suppressed_total",
    "Events that were left out of log and event list because one peer caused too many.",
    ({ eventsSuppressed }) => eventsSuppressed,
  ),
  labelled({
    name: "certificate_expiry_seconds",
    type: "gauge",
    labels: ["kind"],
    help: "Until the first of the daemon's own files of a kind expires, below 0 when it has.",
    bound: "certificate, ca, crl",
    series: ({ snapshot: { status } }) => [
      [{ kind: "certificate" }, status.certificate_expires_seconds],
      [{ kind: "ca" }, status.ca_expires_seconds],
      [{ kind: "crl" }, status.crl_expires_seconds],
    ],
  }),
  labelled({
    name: "reloads_total",
    type: "counter",
    labels: ["result"],
    help: "Reloads by what came of them: settings, certificates alone, or nothing.",
    bound: "applied, certificates, failed",
    series: ({ events }) => [
      [{ result: "applied" }, events["reloaded"] ?? 0],
      [{ result: "certificates" }, events["certificates_renewed"] ?? 0],
      [{ result: "failed" }, events["reload_failed"] ?? 0],
    ],
  }),
  gauge("reload_ok", "Whether the last reload was applied; 1 before the first.", ({ snapshot: { status } }) =>
    status.last_reload?.result === "failed" ? 0 : 1,
  ),
  gauge(
    "reload_timestamp_seconds",
    "When the last reload came to its end, since 1970; absent before the first.",
    ({ snapshot: { status } }) => (status.last_reload === null ? null : status.last_reload.time_ms / 1000),
  ),
  labelled({
    name: "loop_delay_seconds",
    type: "gauge",
    labels: ["thread"],
    help: "Longest delay of a thread's event loop within the last minute.",
    bound: "threads",
    series: ({ loops }) => Object.entries(loops).map(([thread, { worst }]) => [{ thread }, worst]),
  }),
  labelled({
    name: "loop_utilization_ratio",
    type: "gauge",
    labels: ["thread"],
    help: "Part of the last moment that a thread's event loop worked.",
    bound: "threads",
    series: ({ loops }) => Object.entries(loops).map(([thread, { utilization }]) => [{ thread }, utilization]),
  }),
  labelled({
    name: "loop_resources",
    type: "gauge",
    labels: ["thread"],
    help: "Timers, sockets and other things that a thread's event loop watches or waits for.",
    bound: "threads",
    series: ({ loops }) => Object.entries(loops).map(([thread, { resources }]) => [{ thread }, resources]),
  }),
  counter(
    "process_cpu_seconds_total",
    "User and system time of all threads.",
    ({ process: figures }) => figures.cpuSeconds,
  ),
  gauge(
    "process_resident_memory_bytes",
    "Resident memory, shared pages too.",
    ({ process: figures }) => figures.residentBytes,
  ),
  gauge("process_private_memory_bytes", "Private resident memory.", ({ process: figures }) => figures.privateBytes),
  gauge(
    "process_memory_limit_bytes",
    "The most memory that the service may use; absent without a limit.",
    ({ snapshot: { status } }) => status.resources.most_memory_bytes,
  ),
  gauge(
    "buffer_bytes",
    "Memory of the buffers that packets are read into and land in.",
    ({ snapshot: { status } }) => status.resources.buffer_bytes,
  ),
  gauge(
    "buffer_used_bytes",
    "Part of it that packets are in.",
    ({ snapshot: { status } }) => status.resources.buffer_used_bytes,
  ),
  gauge("process_heap_bytes", "Heap of the main thread in use.", ({ process: figures }) => figures.heapBytes),
  gauge("process_open_fds", "Open file descriptors.", ({ process: figures }) => figures.openDescriptors),
  gauge("process_max_fds", "Most file descriptors.", ({ process: figures }) => figures.mostDescriptors),
  counter("log_lines_total", "Log lines that were written.", ({ log }) => log.written),
  counter("log_lines_lost_total", "Log lines that could not be written.", ({ log }) => log.lost),
];

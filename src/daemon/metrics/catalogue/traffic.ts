import type { Connection, ConnectionState, LimitedBy } from "../../../shared/control/snapshot.ts";
import { counter, gauge, labelled, type Metric } from "../metric.ts";

const states: readonly ConnectionState[] = [
  "connecting",
  "authenticating",
  "configuring",
  "active",
  "draining",
  "closed",
];
const limits: readonly LimitedBy[] = ["nothing", "bucket", "backend_rtt", "peer_window", "breaker"];
const quantiles = ["0.5", "0.9", "0.99", "1"] as const;

/** Connections, rates, latency, throughput, errors and queues. */
export const trafficMetrics: readonly Metric[] = [
  gauge("sessions", "Sessions, those without a link too.", ({ snapshot }) => snapshot.sessions.length),
  labelled({
    name: "connections",
    type: "gauge",
    labels: ["state"],
    help: "Links by state.",
    bound: "6 states",
    series: ({ snapshot }) =>
      states.map((state) => [{ state }, snapshot.connections.filter((row) => row.state === state).length]),
  }),
  gauge(
    "connections_arriving",
    "Server: connections that are not links yet, from their TCP connection to HELLO.",
    ({ snapshot }) => snapshot.status.arriving,
  ),
  labelled({
    name: "connections_limited",
    type: "gauge",
    labels: ["limited_by"],
    help: "Links by what holds their traffic back.",
    bound: "5 reasons",
    series: ({ snapshot }) =>
      limits.map((limited_by) => [
        { limited_by },
        snapshot.connections.filter((row) => row.limited_by === limited_by).length,
      ]),
  }),
  counter("links_opened_total", "Links that came to carry traffic.", ({ events }) => events["link_up"] ?? 0),
  counter("links_lost_total", "Links that carried traffic and ended.", ({ events }) => events["link_down"] ?? 0),
  labelled({
    name: "sessions_refused_total",
    type: "counter",
    labels: ["reason"],
    help: "Peers with a good certificate that got no session.",
    bound: "7 reasons",
    series: ({ sessionsRefused }) => Object.entries(sessionsRefused).map(([reason, count]) => [{ reason }, count]),
  }),
  labelled({
    name: "handshakes_refused_total",
    type: "counter",
    labels: ["reason"],
    help: "Handshakes that came to nothing, and links that broke the protocol; reasons in docs/drops.md.",
    bound: "reasons of docs/drops.md",
    series: ({ refused }) => Object.entries(refused).map(([reason, count]) => [{ reason }, count]),
  }),
  labelled({
    name: "link_rtt_seconds",
    type: "gauge",
    labels: ["quantile"],
    help: "Last round trip of the links that measured one; quantile 1 is the slowest link.",
    bound: "4 quantiles",
    series: ({ snapshot }) => roundTrips(snapshot.connections),
  }),
  labelled({
    name: "tunnel_bytes_total",
    type: "counter",
    labels: ["direction"],
    help: "Bytes of inner packets: rx from peers, tx to peers.",
    bound: "rx, tx",
    series: ({ snapshot: { status } }) => directions(status.rx_bytes, status.tx_bytes),
  }),
  labelled({
    name: "tunnel_packets_total",
    type: "counter",
    labels: ["direction"],
    help: "Inner packets, a packet of several segments counted once: rx from peers, tx to peers.",
    bound: "rx, tx",
    series: ({ snapshot: { status } }) => directions(status.rx_packets, status.tx_packets),
  }),
  counter(
    "link_frames_accepted_total",
    "Frames that this end took for a link.",
    ({ snapshot }) => snapshot.status.frames_accepted,
  ),
  counter(
    "link_frames_injected_total",
    "Frames of a link that this end wrote to its TUN.",
    ({ snapshot }) => snapshot.status.frames_injected,
  ),
  labelled({
    name: "dropped_packets_total",
    type: "counter",
    labels: ["reason", "side"],
    help: "Packets and frames that were not carried on; reasons in docs/drops.md.",
    bound: "reasons of docs/drops.md",
    series: ({ drops }) => Object.entries(drops).map(([reason, { side, count }]) => [{ reason, side }, count]),
  }),
  counter(
    "compressible_bytes_total",
    "Bytes of frames that went out over links with compression, before it.",
    ({ snapshot }) => snapshot.status.compressible_bytes,
  ),
  counter("compressed_bytes_total", "The same after it.", ({ snapshot }) => snapshot.status.compressed_bytes),
  gauge("link_queued_bytes", "Bytes that wait for the sockets of all links.", ({ queuedBytes }) => queuedBytes),
  labelled({
    name: "identity_connections",
    type: "gauge",
    labels: ["identity"],
    help: "Links by identity of the peer.",
    bound: "monitoring.prometheus.per_identity, 0 by default, and `other`",
    series: ({ identities }) => identities.map(({ identity, connections }) => [{ identity }, connections]),
  }),
  labelled({
    name: "identity_bytes_total",
    type: "counter",
    labels: ["identity", "direction"],
    help: "Bytes of inner packets by identity of the peer.",
    bound: "2 × (monitoring.prometheus.per_identity, 0 by default, and `other`)",
    series: ({ identities }) => identities.flatMap(({ identity, rx, tx }) => directions(rx, tx, { identity })),
  }),
];

function directions(
  rx: number,
  tx: number,
  labels: Readonly<Record<string, string>> = {},
): [Record<string, string>, number][] {
  return [
    [{ ...labels, direction: "rx" }, rx],
    [{ ...labels, direction: "tx" }, tx],
  ];
}

function roundTrips(connections: readonly Connection[]): [Record<string, string>, number | null][] {
  const sorted = connections.flatMap(({ rtt_ms: rtt }) => (rtt === null ? [] : [rtt / 1000])).toSorted((a, b) => a - b);
  const at = (quantile: string): number | null =>
    sorted[Math.max(0, Math.ceil(Number(quantile) * sorted.length) - 1)] ?? null;
  return quantiles.map((quantile) => [{ quantile }, at(quantile)]);
}

import * as place from "../place.ts";
import { entries, limitedBy, list, live, minute, server, value, type Setting } from "../setting.ts";
import { duration, flag, oneOf, whole } from "../value.ts";

const strategy = oneOf("round_robin", "least_connections", "weighted_round_robin", "p2c_ewma", "rendezvous");

export const services: Setting[] = [
  entries("services", "Services published on the inner network, each spread over its endpoints.", {
    ...server,
    ...live,
  }),
  value("services[].name", place.name, "Name of the service; unique.", {
    ...server,
    required: true,
    ...live,
    example: "db",
  }),
  value("services[].listen", place.hostPort("address"), "Inner address and port.", {
    ...server,
    required: true,
    ...live,
    example: "10.8.0.1:5432",
  }),
  value("services[].strategy", strategy, "How an endpoint is chosen.", {
    ...server,
    default: "least_connections",
    ...live,
  }),
  entries("services[].endpoints", "Where the service runs.", { ...server, required: true, ...live }),
  value("services[].endpoints[].name", place.endpointName, "Name of the endpoint, unique in the service.", {
    ...server,
    derived: "its address",
    ...live,
    example: "db-1",
  }),
  value("services[].endpoints[].address", place.hostPort("name or address"), "Host and port.", {
    ...server,
    required: true,
    ...live,
    example: "10.0.1.5:5432",
  }),
  value("services[].endpoints[].weight", whole(0, 256), "Share of new connections.", {
    ...server,
    default: 1,
    ...live,
  }),
  value(
    "services[].connect_timeout",
    duration(100, 10 * minute),
    "Time for a connect to an endpoint; after it another one is tried.",
    { ...server, default: "3s", ...live },
  ),
  value("services[].health.type", oneOf("tcp", "http"), "A TCP connect, or an HTTP GET.", {
    ...server,
    default: "tcp",
    ...live,
  }),
  value("services[].health.path", place.urlPath, "Path of the GET.", { ...server, default: "/", ...live }),
  value("services[].health.status", whole(100, 599), "Expected status of the GET.", {
    ...server,
    default: 200,
    ...live,
  }),
  ...limitedBy("services[].rate_limit", "of the service, in each direction", server),
  value(
    "services[].max_connections",
    whole(1, 1_000_000),
    "Connections at the same time; more wait for a place. While others wait, one client gets at most half.",
    {
      ...server,
      default: 1000,
      ...live,
      example: "500",
    },
  ),
  value(
    "services[].warm_connections",
    whole(0, 10_000),
    "Connections to each endpoint that are made ahead, each used once.",
    { ...server, derived: "pool.initial_size where that is written, else 0", ...live, example: "4" },
  ),
];

export const monitoring: Setting[] = [
  value("monitoring.prometheus.enabled", flag, "Serve metrics.", {
    derived: "true when the block is there, else false",
    example: "true",
    ...live,
  }),
  value("monitoring.prometheus.address", place.address("any"), "Address of the metrics endpoint.", {
    default: "127.0.0.1",
    ...live,
  }),
  value("monitoring.prometheus.port", whole(1, 65_535), "Its port.", { default: 9090, ...live }),
  value("monitoring.prometheus.path", place.urlPath, "Path of the metrics; /healthz and /readyz are there as well.", {
    default: "/metrics",
    ...live,
  }),
  value(
    "monitoring.prometheus.per_identity",
    whole(0, 10_000),
    "Identities with series of their own; all others share one, named `other`. 0: no series by identity.",
    { default: 0, ...live },
  ),
  value(
    "monitoring.top_talkers",
    flag,
    "Sample packets to tell destinations by their traffic (`sssonector ctl top-talkers --by destination`).",
    { default: true },
  ),
  value(
    "monitoring.logging.level",
    oneOf("trace", "debug", "info", "warn", "error", "fatal"),
    "Least important level that is logged.",
    {
      default: "info",
      ...live,
    },
  ),
  value("monitoring.logging.format", oneOf("json", "text"), "One JSON object a line, or text for people.", {
    default: "json",
  }),
  value("monitoring.logging.output", place.logOutput, "Where the log goes.", { default: "stdout" }),
];

export const control: Setting[] = [
  value("control.socket", place.path, "Unix socket of the control channel.", {
    derived: "/run/sssonector/NAME.sock",
    example: "/run/sssonector/edge-01.sock",
  }),
  value("control.group", place.group, "Group whose members may look.", { example: "sssonector" }),
  list("control.operators", place.principal, "Users, and groups with a leading @, that may act.", {
    default: ["root"],
  }),
  value("control.tcp.listen", place.hostPort("address"), "Loopback address and port of the control channel over TCP.", {
    example: "127.0.0.1:7433",
  }),
  value(
    "control.tcp.token_file",
    place.path,
    "Its tokens, one `viewer TOKEN` or `operator TOKEN` of 256 bits a line, mode 0600; read at each connection.",
    { example: "control.tokens" },
  ),
];

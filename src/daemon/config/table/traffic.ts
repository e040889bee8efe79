import { day, hour, live, limitedBy, minute, second, server, value, type Setting } from "../setting.ts";
import { duration, flag, oneOf, rate, size, whole } from "../value.ts";

const strategy = oneOf("round_robin", "least_connections", "weighted_round_robin", "p2c_ewma", "rendezvous");

export const resources: Setting[] = [
  value("performance.buffer_size", size(1024, 16 * 1024 ** 2), "Another name of buffers.size.", {
    derived: "buffers.size",
    example: "32KB",
  }),
  value("performance.tcp_keepalive", flag, "TCP keep-alive on links.", { default: true }),
  value(
    "performance.connection_timeout",
    duration(100, 10 * minute),
    "Time for one attempt to bring up a link, until WELCOME.",
    {
      default: "10s",
    },
  ),
  value(
    "pool.initial_size",
    whole(1, 1000),
    "Links of a session at once (client); where it is written, warm connections per service endpoint (server).",
    {
      default: 1,
      ...live,
    },
  ),
  value("pool.max_size", whole(1, 1000), "The most of them while several flows move data, below 500 Mbit/s.", {
    default: 4,
    ...live,
  }),
  value(
    "pool.idle_timeout",
    duration(second, day),
    "Idle ones are closed after this time: those above initial_size (client), warm ones, which are replaced (server).",
    { default: "300s", ...live },
  ),
  value("pool.cleanup_interval", duration(second, hour), "How often idle ones are looked for.", {
    default: "60s",
    ...live,
  }),
  value(
    "buffers.size",
    size(1024, 16 * 1024 ** 2),
    "Size of one buffer; with pool_size, the bytes that may be queued in total.",
    {
      default: "32KB",
    },
  ),
  value("buffers.pool_size", whole(16, 1_000_000), "Number of buffers.", { default: 1000 }),
  value(
    "buffers.prealloc",
    flag,
    "Take the memory that packets are read into and land in at the start, up to 10 MB, and keep it.",
    { default: false },
  ),
  value(
    "buffers.cleanup_interval",
    duration(second, hour),
    "What of that memory nobody needed for so long is given back to the system.",
    { default: "30s", ...live },
  ),
];

export const traffic: Setting[] = [
  ...limitedBy("rate_limit", "of each session, in each direction", {}),
  value("rate_limit.adjustment_interval", duration(second, hour), "How often rates are adjusted, in whole seconds.", {
    default: "1s",
    ...live,
  }),
  value("rate_limit.min_rate", rate, "Adjustment stays at or above it.", {
    ...live,
    derived: "a tenth of base_rate",
    example: "1mbit",
  }),
  value("rate_limit.max_rate", rate, "Adjustment stays at or below it.", {
    ...live,
    derived: "base_rate",
    example: "200mbit",
  }),
  value(
    "rate_limit.adjust",
    oneOf("aimd", "off"),
    "Adjust each session's rate to what its path takes: up by 2 % of base_rate, down to 85 % while packets wait for it.",
    {
      default: "off",
      ...live,
    },
  ),
  ...limitedBy("rate_limit.global", "of the whole daemon, in each direction", {}),
  value("balancer.strategy", strategy, "How a server (client) or a service endpoint (server) is chosen.", {
    default: "weighted_round_robin",
    ...live,
  }),
  value("balancer.mode", oneOf("session", "flow"), "Keep all flows on one server, or spread them.", {
    default: "session",
  }),
  value(
    "circuit_breaker.mode",
    oneOf("enforce", "observe"),
    "Whether breakers open; with observe they count and admit everything.",
    {
      default: "enforce",
      ...live,
    },
  ),
  value("circuit_breaker.failure_rate", whole(1, 100), "Percent of failed calls that open the breaker.", {
    default: 50,
    ...live,
  }),
  value("circuit_breaker.slow_rate", whole(1, 100), "Percent of slow calls that open the breaker.", {
    default: 80,
    ...live,
  }),
  value("circuit_breaker.minimum_calls", whole(1, 1000), "Calls in the window before rates count.", {
    default: 5,
    ...live,
  }),
  value("circuit_breaker.consecutive", whole(1, 1000), "Failures in a row that open the breaker.", {
    default: 3,
    ...live,
  }),
  value("circuit_breaker.slow_call", duration(1, minute), "A call that takes longer is slow.", {
    default: "2s",
    ...live,
  }),
  value("circuit_breaker.window", duration(second, hour), "How far back calls count.", { default: "60s", ...live }),
  value("circuit_breaker.open", duration(100, hour), "First time that the breaker stays open; doubles each time.", {
    default: "1s",
    ...live,
  }),
  value("circuit_breaker.open_max", duration(100, day), "Longest time that the breaker stays open.", {
    default: "60s",
    ...live,
  }),
  value("health.interval", duration(100, hour), "Time between keep-alives on an idle link.", {
    default: "5s",
    ...live,
  }),
  value("health.timeout", duration(100, 10 * minute), "Time to wait for the answer.", { default: "3s", ...live }),
  value("health.rise", whole(1, 100), "Good checks that bring a backend up.", { default: 2, ...live }),
  value("health.fall", whole(1, 100), "Bad checks that take a backend down.", { default: 3, ...live }),
  value("limits.handshakes_pending", whole(1, 65_535), "Handshakes at the same time; more wait un-accepted.", {
    ...server,
    ...live,
    default: 256,
  }),
  value("limits.per_source.pending", whole(1, 65_535), "Handshakes at the same time from one source address.", {
    ...server,
    ...live,
    default: 16,
  }),
  value("limits.per_source.rate", whole(1, 100_000), "Handshakes a second from one source address.", {
    ...server,
    ...live,
    default: 20,
  }),
  value("limits.per_source.burst", whole(1, 100_000), "Handshakes from one source address at once, above the rate.", {
    ...server,
    ...live,
    default: 40,
  }),
];

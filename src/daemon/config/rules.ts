import { isInside, isIpv6, isLoopback } from "./address.ts";
import type { Draft, Report } from "./draft.ts";
import { endpointRules, identityRules, limitRules, serviceRules } from "./entry-rules.ts";

/** What several settings must keep together. A setting that could not be read breaks no rule. */
export function checkRules(draft: Draft, report: Report): void {
  for (const rule of rules) rule(draft, report);
}

const rules: readonly ((draft: Draft, report: Report) => void)[] = [
  tlsIsOn,
  serverHasAddress,
  poolsInsidePrefix,
  mtuCarriesIpv6,
  routesFitIntoWelcome,
  forwardingHasInterface,
  defaultRouteIsNamed,
  buffersAgree,
  orderedPairs,
  controlOverTcp,
  limitRules,
  identityRules,
  endpointRules,
  serviceRules,
];

function tlsIsOn({ security }: Draft, report: Report): void {
  if (security.tls.enabled !== false) return;
  report(
    "security.tls.enabled",
    "must be true: certificates are how both ends know each other, so there is no tunnel without TLS",
  );
}

function serverHasAddress({ core, network }: Draft, report: Report): void {
  if (core.mode !== "server" || network.address !== undefined || network.address6 !== undefined) return;
  report("network.address", "is required on a server, or network.address6", "config_missing");
}

function poolsInsidePrefix({ network }: Draft, report: Report): void {
  poolInside("network.pool", network.pool, "network.address", network.address, report);
  poolInside("network.pool6", network.pool6, "network.address6", network.address6, report);
}

function poolInside(
  path: string,
  pool: string | undefined,
  of: string,
  prefix: string | undefined,
  report: Report,
): void {
  if (pool === undefined) return;
  if (prefix === undefined) report(path, `needs ${of}`);
  else if (!isInside(pool, prefix)) report(path, `must lie inside ${of} ${prefix} (got ${pool})`);
}

/** WELCOME, which carries a server's routes, has 4 KiB at most (docs/protocol.md). */
const mostRoutes = 128;

function routesFitIntoWelcome({ network }: Draft, report: Report): void {
  const count = network.routes?.length ?? 0;
  if (count <= mostRoutes) return;
  report("network.routes", `must not have more than ${mostRoutes} prefixes (got ${count})`, "config_range");
}

function mtuCarriesIpv6({ network }: Draft, report: Report): void {
  if (network.address6 === undefined || network.mtu === undefined || network.mtu >= 1280) return;
  report("network.mtu", `must be at least 1280 for IPv6, as network.address6 asks (got ${network.mtu})`);
}

function forwardingHasInterface({ network }: Draft, report: Report): void {
  const mode = network.forwarding?.mode;
  if (mode === undefined || mode === "none" || network.forwarding?.interface !== undefined) return;
  report("network.forwarding.mode", `${mode} needs network.forwarding.interface`);
}

function defaultRouteIsNamed({ network, core }: Draft, report: Report): void {
  if (core.mode !== "client") return;
  const accepted = Array.isArray(network.accept_routes) ? network.accept_routes : [];
  for (const [index, route] of (network.routes ?? []).entries()) {
    if (!route?.endsWith("/0") || accepted.includes(route)) continue;
    report(`network.routes[${index}]`, `${route} is a default route, which network.accept_routes must name as well`);
  }
}

function buffersAgree({ performance, buffers }: Draft, report: Report): void {
  if (performance.buffer_size === undefined || buffers.size === undefined) return;
  if (performance.buffer_size === buffers.size) return;
  report("performance.buffer_size", "is another name of buffers.size and differs from it; keep one of the two");
}

function orderedPairs({ pool, circuit_breaker: breaker }: Draft, report: Report): void {
  ordered("pool.initial_size", pool.initial_size, "pool.max_size", pool.max_size, report);
  ordered("circuit_breaker.open", breaker.open, "circuit_breaker.open_max", breaker.open_max, report);
}

function ordered(
  low: string,
  lower: number | undefined,
  high: string,
  upper: number | undefined,
  report: Report,
): void {
  if (lower !== undefined && upper !== undefined && lower > upper) report(low, `must not be more than ${high}`);
}

function controlOverTcp({ control }: Draft, report: Report): void {
  const { listen, token_file: tokens } = control.tcp;
  if (listen !== undefined && tokens === undefined) report("control.tcp.listen", "needs control.tcp.token_file");
  if (listen === undefined && tokens !== undefined) report("control.tcp.token_file", "needs control.tcp.listen");
  if (listen !== undefined && !isLoopback(listen.host)) {
    const shown = isIpv6(listen.host) ? `[${listen.host}]` : listen.host;
    report("control.tcp.listen", `must be a loopback address (got ${shown})`);
  }
}

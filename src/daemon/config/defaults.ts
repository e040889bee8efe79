import { join } from "node:path";
import { formatHostPort, networkOf } from "./address.ts";
import type { Draft } from "./draft.ts";
import type { Position } from "./problem.ts";

/** What derived defaults follow from, beside the other settings. */
export interface Host {
  name: string;
  /** What systemd gives the unit as $STATE_DIRECTORY. */
  stateDirectory: string | undefined;
}

/** Fills in, in place, the defaults that follow from other settings; `written` tells what was set. */
export function deriveDefaults(draft: Draft, host: Host, written: ReadonlyMap<string, Position>): void {
  deriveCore(draft, host);
  deriveNetwork(draft);
  deriveBuffers(draft, written);
  draft.monitoring.prometheus.enabled ??= [...written.keys()].some((path) => path.startsWith("monitoring.prometheus"));
  deriveServices(draft, written);
  for (const endpoint of draft.tunnel.endpoints ?? []) endpoint.identity ??= endpoint.name;
}

function deriveCore({ core, control }: Draft, host: Host): void {
  // A host's name may hold what a setting's name must not.
  core.name ??=
    host.name
      .replace(/^[^a-z0-9]+/i, "")
      .replace(/[^a-z0-9._-]/gi, "-")
      .slice(0, 64) || "sssonector";
  core.state_dir ??= host.stateDirectory ?? join("/var/lib/sssonector", core.name);
  control.socket ??= join("/run/sssonector", `${core.name}.sock`);
}

function deriveNetwork({ core, network }: Draft): void {
  if (core.mode !== "server") return;
  if (network.address !== undefined) network.pool ??= networkOf(network.address);
  if (network.address6 !== undefined) network.pool6 ??= networkOf(network.address6);
}

/** Connections made ahead cost an endpoint places and some protocols time out on them: nobody gets them unasked. */
function deriveServices({ services, pool }: Draft, written: ReadonlyMap<string, Position>): void {
  for (const service of services ?? []) {
    service.warm_connections ??= written.has("pool.initial_size") ? pool.initial_size : 0;
    for (const endpoint of service.endpoints ?? []) {
      if (endpoint.address !== undefined) endpoint.name ??= formatHostPort(endpoint.address);
    }
  }
}

function deriveBuffers({ performance, buffers }: Draft, written: ReadonlyMap<string, Position>): void {
  if (!written.has("buffers.size") && performance.buffer_size !== undefined) buffers.size = performance.buffer_size;
  performance.buffer_size ??= buffers.size;
}

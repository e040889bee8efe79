import { isServer, type Settings } from "./config/settings.ts";
import type { Command, DataThreadOptions } from "./engine/messages.ts";
import type { BufferRules } from "./engine/packet-buffers.ts";
import { limitRules } from "./limit-settings.ts";
import type { AdmissionRules } from "./link/admission.ts";
import type { LivenessRules } from "./link/liveness.ts";
import { mostRecords } from "./link/wear.ts";
import { createBucketSlots } from "./metrics/bucket-slots.ts";
import { createCounters } from "./metrics/counters.ts";
import { createLinkSlots } from "./metrics/link-slots.ts";
import { createLoopCells } from "./metrics/loop-delay.ts";
import type { TlsMaterial } from "./tls/material.ts";
import type { OpenTun } from "./tun/open.ts";

/** Whose figures are seen; more of them limit all the same. */
const mostBuckets = 65_536;

type SharedCells = Pick<DataThreadOptions, "counters" | "linkSlots" | "loop" | "bucketSlots">;

/** Memory in which the data thread counts and the control plane reads. */
export function createSharedCells({ core }: Settings): SharedCells {
  return {
    counters: createCounters(),
    linkSlots: createLinkSlots(core.max_connections),
    loop: createLoopCells(),
    bucketSlots: createBucketSlots(mostBuckets),
  };
}

/** What the settings say to the data thread at its start. */
export function engineOptions(
  settings: Settings,
  tun: OpenTun,
  material: TlsMaterial,
  cells: SharedCells,
): DataThreadOptions {
  return {
    mode: settings.core.mode,
    tun: { fd: tun.fds[0] as number, name: tun.name, features: tun.features },
    mtu: settings.network.mtu,
    material,
    ...linkRules(settings),
    wear: { bytes: settings.security.certificates.rotation_bytes, records: mostRecords },
    keepAlive: settings.performance.tcp_keepalive,
    clientToClient: isServer(settings) && settings.access.client_to_client,
    clustered: isServer(settings) && settings.cluster.secret_file !== undefined,
    sampling: settings.monitoring.top_talkers,
    limits: limitRules(settings),
    queueBytes: settings.buffers.size * settings.buffers.pool_size,
    ...cells,
  };
}

/** What of it a reload may change. */
export function linkRules(settings: Settings): Omit<Extract<Command, { type: "rules" }>, "type"> {
  return {
    admission: admissionRules(settings),
    liveness: livenessRules(settings),
    buffers: bufferRules(settings),
  };
}

function bufferRules({ buffers }: Settings): BufferRules {
  return {
    keptBytes: buffers.prealloc ? buffers.size * buffers.pool_size : 0,
    cleanupInterval: buffers.cleanup_interval,
  };
}

function admissionRules(settings: Settings): AdmissionRules {
  if (!isServer(settings)) return { pending: 1, perSource: { pending: 1, rate: 1, burst: 1 } };
  return { pending: settings.limits.handshakes_pending, perSource: settings.limits.per_source };
}

function livenessRules(settings: Settings): LivenessRules {
  const { interval, timeout, fall } = settings.health;
  // The server waits twice as long, so that the client, which makes the replacement, is the first to act.
  const patience = settings.core.mode === "server" ? 2 : 1;
  return { interval: interval * patience, timeout: timeout * patience, misses: fall, stall: 2500 * patience };
}

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

/** Memory in which the data threads count and the control plane reads. */
export interface SharedCells {
  /** Of each thread. */
  readonly counters: readonly Float64Array<SharedArrayBuffer>[];
  readonly loops: readonly Float64Array<SharedArrayBuffer>[];
  /** Of all threads: each has its part. */
  readonly linkSlots: Float64Array<SharedArrayBuffer>;
  readonly bucketSlots: Float64Array<SharedArrayBuffer>;
}

/** Data threads that this daemon has. */
export function dataThreads({ core }: Settings): number {
  return core.mode === "server" ? core.workers : 1;
}

export function createSharedCells(settings: Settings): SharedCells {
  const count = dataThreads(settings);
  const threads = Array.from({ length: count });
  return {
    counters: threads.map(() => createCounters()),
    loops: threads.map(() => createLoopCells()),
    // The kernel may give one thread all links.
    linkSlots: createLinkSlots(settings.core.max_connections * count),
    bucketSlots: createBucketSlots(mostBuckets * count),
  };
}

/** What the settings say to each data thread at its start. */
export function engineOptions(
  settings: Settings,
  tun: OpenTun,
  material: TlsMaterial,
  cells: SharedCells,
): Omit<DataThreadOptions, "team">[] {
  const partOf = (slots: Float64Array<SharedArrayBuffer>, index: number): Float64Array<SharedArrayBuffer> => {
    const length = slots.length / tun.fds.length;
    return slots.subarray(index * length, (index + 1) * length);
  };
  const common = commonOptions(settings, material, tun.fds.length);
  return tun.fds.map((fd, index) => ({
    ...common,
    tun: { fd, name: tun.name, features: tun.features },
    counters: cells.counters[index] as Float64Array<SharedArrayBuffer>,
    loop: cells.loops[index] as Float64Array<SharedArrayBuffer>,
    linkSlots: partOf(cells.linkSlots, index),
    bucketSlots: partOf(cells.bucketSlots, index),
  }));
}

type CommonOptions = Omit<DataThreadOptions, "team" | "tun" | "counters" | "loop" | "linkSlots" | "bucketSlots">;

function commonOptions(settings: Settings, material: TlsMaterial, threads: number): CommonOptions {
  return {
    mode: settings.core.mode,
    mtu: settings.network.mtu,
    material,
    ...linkRules(settings),
    wear: { bytes: settings.security.certificates.rotation_bytes, records: mostRecords },
    keepAlive: settings.performance.tcp_keepalive,
    clientToClient: isServer(settings) && settings.access.client_to_client,
    clustered: isServer(settings) && settings.cluster.secret_file !== undefined,
    sampling: settings.monitoring.top_talkers,
    limits: limitRules(settings),
    queueBytes: (settings.buffers.size * settings.buffers.pool_size) / threads,
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

function bufferRules(settings: Settings): BufferRules {
  const { buffers } = settings;
  return {
    keptBytes: buffers.prealloc ? (buffers.size * buffers.pool_size) / dataThreads(settings) : 0,
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

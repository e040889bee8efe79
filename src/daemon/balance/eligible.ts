import { mix, unit } from "./hash.ts";
import { itemAt } from "./share.ts";

/** What the operator wants. drain: nothing new. maint: no traffic, no checks. */
export type AdminState = "ready" | "drain" | "maint";

/** What checks found. starting: nothing known yet. stopping: the server said that it leaves. */
export type OperationalState = "up" | "down" | "starting" | "stopping";

/** What decides whether a backend may take new flows or sessions. */
export interface Backend {
  readonly name: string;
  /** Lower ones are used first. */
  readonly priority: number;
  readonly admin: AdminState;
  readonly operational: OperationalState;
  /** Effective weight; 0 takes none. */
  readonly weight: number;
  /** Progress of its slow start, above 0 to 1 (`slowStart`); 1 when there is none. */
  readonly ramp: number;
  /** Policy rejected it: its certificate or identity is not accepted. */
  readonly rejected: boolean;
}

/** Why a backend takes nothing new. */
export type Exclusion = "maint" | "drain" | "policy" | "weight" | "breaker" | "stopping" | "down";

/** Whether a backend's breaker would admit a call now; asks only, takes no permit. */
export type Admits = (backend: Backend) => boolean;

export interface EligibleOptions {
  readonly admits: Admits;
  /** Unsigned 32-bit hash of what is placed; decides who overflows from a level. */
  readonly flow: number;
  /** A backend that just failed, or that is to be left: used only when no other is eligible. */
  readonly avoid?: string | undefined;
}

/**
 * Who may take a new flow: the healthy ones of one priority level; or, so that bad health never takes the last one
 * away, those in bad health (panic); or nobody.
 */
export type Eligible<B extends Backend> =
  | { readonly kind: "healthy"; readonly backends: readonly B[] }
  | { readonly kind: "panic"; readonly backends: readonly B[] }
  | { readonly kind: "none" };

/** A level with less than 1/1.4 of its backends sheds the surplus to the next (Envoy's over-provisioning factor). */
const overProvisioning = 1.4;
const overflowSalt = 0x6c657665;

/** Why `backend` takes nothing new, or undefined when it does. What somebody decided comes before what was measured. */
export function exclusion(backend: Backend, admits: Admits): Exclusion | undefined {
  if (backend.admin !== "ready") return backend.admin;
  if (backend.rejected) return "policy";
  if (backend.weight <= 0) return "weight";
  if (!admits(backend)) return "breaker";
  return backend.operational === "up" || backend.operational === "starting" ? undefined : backend.operational;
}

export function eligible<B extends Backend>(backends: readonly B[], options: EligibleOptions): Eligible<B> {
  const healthy = healthyLevel(backends, options) ?? healthyLevel(backends, { ...options, avoid: undefined });
  if (healthy !== undefined) return { kind: "healthy", backends: healthy };
  const others = backends.filter(({ name }) => name !== options.avoid);
  const spare = panicLevel(others, options.admits) ?? panicLevel(backends, options.admits);
  return spare === undefined ? { kind: "none" } : { kind: "panic", backends: spare };
}

interface Level<B> {
  readonly backends: readonly B[];
  /** Part of all new flows that it can take, 0 to 1. */
  readonly capacity: number;
}

/** The level that this flow belongs to: each takes what it can, the rest overflows to the next. */
function healthyLevel<B extends Backend>(
  backends: readonly B[],
  { admits, flow, avoid }: EligibleOptions,
): readonly B[] | undefined {
  const levels = byPriority(backends).flatMap((level): Level<B>[] => {
    const healthy = level.filter((backend) => exclusion(backend, admits) === undefined);
    const usable = healthy.filter(({ name }) => name !== avoid);
    return usable.length === 0 ? [] : [{ backends: usable, capacity: capacityOf(level, healthy) }];
  });
  const total = levels.reduce((sum, { capacity }) => sum + capacity, 0);
  return itemAt(levels, ({ capacity }) => capacity, unit(mix(flow, overflowSalt)) * Math.min(1, total))?.backends;
}

/**
 * A backend in its slow start counts in part, so that a level that comes back takes over gradually. What an operator took
 * out, here or at the server, is not missed, as with HAProxy's backup servers: the others of the level take its share.
 */
function capacityOf(level: readonly Backend[], healthy: readonly Backend[]): number {
  const meant = level.filter(
    ({ weight, admin, operational }) => weight > 0 && admin === "ready" && operational !== "stopping",
  ).length;
  const there = healthy.reduce((sum, { ramp }) => sum + ramp, 0);
  return Math.min(1, (overProvisioning * there) / meant);
}

/** One that is about to stop comes after those that are down: it refuses, until it is back. */
function panicLevel<B extends Backend>(backends: readonly B[], admits: Admits): readonly B[] | undefined {
  const excluded = (reason: Exclusion): B[] => backends.filter((backend) => exclusion(backend, admits) === reason);
  return byPriority(excluded("down"))[0] ?? byPriority(excluded("stopping"))[0];
}

function byPriority<B extends Backend>(backends: readonly B[]): B[][] {
  const levels = Map.groupBy(backends, ({ priority }) => priority);
  return [...levels].toSorted(([one], [other]) => one - other).map(([, level]) => level);
}

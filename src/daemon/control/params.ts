import { z } from "zod";
import { isIdentityName } from "../../shared/identity.ts";
import { logLevelNames } from "../../shared/control/log-line.ts";
import { limits, type Method, type Params } from "../../shared/control/protocol.ts";

const none = z.strictObject({});
const rate = z.number().min(limits.rateHz.min).max(limits.rateHz.max).optional();
const dryRun = z.boolean().optional();

const { weight, timeMs } = limits;
const backend = z.string().min(1).max(limits.target);
const time = z.int().min(timeMs.min).max(timeMs.max).optional();
const risky = { dry_run: dryRun, accept_risk: z.boolean().optional(), revision: z.int().nonnegative().optional() };
const address = z.string().min(2).max(45);

const level = z.enum(logLevelNames);
const identity = z.string().refine(isIdentityName, "want an identity's name");

/** What each method takes; unknown parameters are errors. */
export const paramSchemas: { readonly [M in Method]: z.ZodType<Params<M>> } = {
  hello: z.strictObject({
    versions: z.array(z.int().positive()).min(1).max(32),
    client: z.string().min(1).max(limits.clientName),
    rate_hz: rate,
    ssh: z.strictObject({ peer: address, local: address }).nullable().optional(),
  }),
  snapshot: none,
  config: none,
  events: z.strictObject({ since: z.int().nonnegative() }),
  logs: z.strictObject({
    since: z.int().nonnegative(),
    level: level.optional(),
    limit: z.int().min(1).max(limits.logLines).optional(),
  }),
  metrics: none,
  capture: z.strictObject({ session: z.string().min(1).max(limits.target).optional() }),
  moment: z.strictObject({ at_ms: z.number().nonnegative(), from: z.int().nonnegative().optional() }),
  subscribe: z.strictObject({ rate_hz: rate }),
  unsubscribe: none,
  kick: z.strictObject({
    target: z.string().min(1).max(limits.target),
    reason: z.string().max(limits.reason).optional(),
    ...risky,
  }),
  reload: z.strictObject(risky),
  stop: z.strictObject(risky),
  drain: z.strictObject({ backend: backend.optional(), deadline_ms: time, ...risky }),
  ready: z.strictObject({ backend: backend.optional(), ...risky }),
  maint: z.strictObject({ backend, ...risky }),
  set_weight: z.strictObject({
    backend,
    weight: z.union([z.literal("auto"), z.int().min(weight.min).max(weight.max)]),
    confirm_within_ms: z.int().min(limits.confirmMs.min).max(limits.confirmMs.max).optional(),
    ...risky,
  }),
  set_rate: z.strictObject({
    bucket: z.string().min(1).max(limits.target),
    rate: z.union([z.literal("auto"), z.null(), z.int().min(1)]),
    unit: z.enum(["bytes", "packets"]).optional(),
    burst: z.int().min(1).optional(),
    for_ms: time,
    confirm_within_ms: z.int().min(limits.confirmMs.min).max(limits.confirmMs.max).optional(),
    ...risky,
  }),
  reset_breaker: z
    .strictObject({ backend: backend.optional(), all: z.boolean().optional(), ...risky })
    .refine(({ backend, all = false }) => (backend === undefined) === all, "want either backend or all: true"),
  open_breaker: z.strictObject({ backend, for_ms: time, ...risky }),
  close_breaker: z.strictObject({ backend, ...risky }),
  certificates: none,
  revoke: z.strictObject({ identity, ...risky }),
  allow: z.strictObject({ identity, ...risky }),
  rotate: z.strictObject(risky),
  log_level: z.strictObject({ level, ...risky }),
  confirm: z.strictObject(risky),
  undo: z.strictObject(risky),
};

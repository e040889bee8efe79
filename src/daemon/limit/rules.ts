import type { Limit } from "./limit.ts";
import { type BucketOwner, bucketName, type Direction } from "./names.ts";

/** Every limit of the daemon; plain data that crosses the thread boundary. */
export interface LimitRules {
  readonly global: Limit | undefined;
  /** Of each session. */
  readonly session: Limit | undefined;
  /** By name. */
  readonly identities: ReadonlyMap<string, Limit>;
  readonly services: ReadonlyMap<string, Limit>;
  /** By bucket, in place of the above; undefined is unlimited. */
  readonly set: ReadonlyMap<string, Limit | undefined>;
}

/** What one bucket lets pass from now on; configured: what the rules say of its owner. */
export interface LimitChange {
  readonly bucket: string;
  readonly limit: Limit | "unlimited" | "configured";
}

/** The rules with these changes to what was set by bucket. */
export function changedRules(rules: LimitRules, changes: readonly LimitChange[]): LimitRules {
  const set = new Map(rules.set);
  for (const { bucket, limit } of changes) {
    if (limit === "configured") set.delete(bucket);
    else set.set(bucket, limit === "unlimited" ? undefined : limit);
  }
  return { ...rules, set };
}

export const noLimits: LimitRules = {
  global: undefined,
  session: undefined,
  identities: new Map(),
  services: new Map(),
  set: new Map(),
};

/** What the bucket of this owner lets pass; undefined is unlimited. */
export function limitFor(rules: LimitRules, owner: BucketOwner, direction: Direction): Limit | undefined {
  const name = bucketName(owner, direction);
  return rules.set.has(name) ? rules.set.get(name) : configuredLimit(rules, owner);
}

function configuredLimit(rules: LimitRules, { scope, id }: BucketOwner): Limit | undefined {
  switch (scope) {
    case "global":
      return rules.global;
    case "session":
      return rules.session;
    case "identity":
      return rules.identities.get(id);
    case "service":
      return rules.services.get(id);
  }
}

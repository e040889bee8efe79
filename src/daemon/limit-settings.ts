import { isServer, type Settings } from "./config/settings.ts";
import { type Limit, limitOf } from "./limit/limit.ts";
import type { AdjustRules } from "./limit/adjust.ts";
import { type LimitRules, noLimits } from "./limit/rules.ts";

/** The limits that the settings say. */
export function limitRules(settings: Settings): LimitRules {
  const { rate_limit: limit } = settings;
  const common = {
    ...noLimits,
    global: limitOf(limit.global.base_rate, limit.global.burst_size),
    session: limitOf(limit.base_rate, limit.burst_size),
  };
  if (!isServer(settings)) return common;
  return { ...common, identities: byName(settings.access.identities), services: byName(settings.services) };
}

/** How the limits of sessions follow their paths; undefined: they don't. */
export function adjustRules({ rate_limit: limit }: Settings): AdjustRules | undefined {
  const { base_rate: base, min_rate: min, max_rate: max, adjustment_interval: interval } = limit;
  if (limit.adjust === "off" || base.kind === "unlimited") return undefined;
  const least = min?.kind === base.kind ? min.per_second : Math.max(1, Math.round(base.per_second / 10));
  return { interval, least, most: max?.kind === base.kind ? max.per_second : base.per_second };
}

function byName(rows: readonly { name: string; rate_limit: Settings["rate_limit"]["global"] }[]): Map<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const { name, rate_limit: limit } of rows) {
    const value = limitOf(limit.base_rate, limit.burst_size);
    if (value !== undefined) limits.set(name, value);
  }
  return limits;
}

import { isServer, type Settings } from "./config/settings.ts";
import { type Limit, limitOf } from "./limit/limit.ts";
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

function byName(rows: readonly { name: string; rate_limit: Settings["rate_limit"]["global"] }[]): Map<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const { name, rate_limit: limit } of rows) {
    const value = limitOf(limit.base_rate, limit.burst_size);
    if (value !== undefined) limits.set(name, value);
  }
  return limits;
}

import type { Millis } from "../../shared/clock.ts";
import { type Circumstances, close, type Core, enter, halfOpen, open } from "./core.ts";
import { openUntil } from "./open-time.ts";
import { quietTime } from "./rules.ts";
import type { HalfOpenState, Ticket } from "./state.ts";
import { counted } from "./window.ts";

/** When the breaker next moves without being asked; undefined: never. */
export function dueAt({ state, alone }: Core): Millis | undefined {
  switch (state.kind) {
    case "open":
      return openUntil(state, alone);
    case "half_open":
      return halfOpenDue(state);
    case "forced_open":
      return state.until;
    case "closed":
    case "disabled":
    case "observe":
      return undefined;
  }
}

/** The move that is due, at its time, and the probes that it ends: their results count no more. */
export function expire(core: Core, at: Circumstances): { core: Core; hung: readonly Ticket[] } {
  const { state } = core;
  switch (state.kind) {
    case "open":
      return { core: halfOpen(core, at.now), hung: [] };
    case "forced_open":
      return { core: forcedOver(core, at), hung: [] };
    case "half_open":
      return expireHalfOpen(core, state, at);
    case "closed":
    case "disabled":
    case "observe":
      throw new Error(`nothing is due in state ${state.kind}`);
  }
}

/** Ends half-open by what the probes that passed have shown. */
export function judged(core: Core, state: HalfOpenState, at: Circumstances): Core {
  const slow = state.passedSlowly * 100 >= at.rules.slow_rate * state.passed;
  return slow ? open(core, "slow_rate", at) : close(core, at);
}

function forcedOver(core: Core, { rules, now }: Circumstances): Core {
  return rules.mode === "observe" ? enter(core, { kind: "observe" }, "open_time_over", now) : halfOpen(core, now);
}

function expireHalfOpen(core: Core, state: HalfOpenState, at: Circumstances): { core: Core; hung: readonly Ticket[] } {
  const hung = state.probes.filter(({ deadline }) => deadline !== undefined && deadline <= at.now);
  if (hung.length === 0) return { core: judged(core, state, at), hung };
  const window = hung.reduce((window) => counted(window, "failed", at.now), core.window);
  return { core: open({ ...core, window }, "probe_hung", at), hung };
}

function halfOpenDue({ probes, passed, quietSince }: HalfOpenState): Millis | undefined {
  const deadlines = probes.flatMap(({ deadline }) => deadline ?? []);
  if (deadlines.length > 0) return Math.min(...deadlines);
  return passed > 0 ? quietSince + quietTime : undefined;
}

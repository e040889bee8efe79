import type { Millis } from "../../shared/clock.ts";
import { automatic, type Core, enter } from "./core.ts";
import type { Rules } from "./rules.ts";
import { emptyWindow } from "./window.ts";

/** open-breaker: rejects every call, for `time` or until an operator ends it. */
export function forceOpen(core: Core, time: Millis | undefined, now: Millis): Core {
  const until = time === undefined ? undefined : now + time;
  return { ...enter(core, { kind: "forced_open", since: now, until }, "operator", now), lastCause: "operator" };
}

/** close-breaker: admits every call and still counts, until an operator ends it. */
export function disable(core: Core, now: Millis): Core {
  return core.state.kind === "disabled" ? core : enter(core, { kind: "disabled" }, "operator", now);
}

/** reset-breaker: as new. */
export function reset(core: Core, rules: Rules, now: Millis): Core {
  const entered = enter(core, automatic(rules, now), "operator", now);
  return { ...entered, window: emptyWindow(rules.window), openings: 0, lastCause: undefined };
}

/** New settings. What an operator decided stays; a window of another length starts empty. */
export function changeRules(core: Core, before: Rules, rules: Rules, now: Millis): Core {
  const next = before.window === rules.window ? core : { ...core, window: emptyWindow(rules.window) };
  const { kind } = core.state;
  const operated = kind === "forced_open" || kind === "disabled";
  if (operated || (kind === "observe") === (rules.mode === "observe")) return next;
  return { ...enter(next, automatic(rules, now), "config", now), window: emptyWindow(rules.window) };
}

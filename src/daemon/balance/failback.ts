import type { Backend, Eligible } from "./eligible.ts";

/**
 * Who may take back a session that is on `current`: backends of a better level that passed their `rise` checks and
 * their slow start. None when a takeover would break the session's flows. `choice` is what `eligible` says for the
 * session, so one that overflowed stays where it is.
 */
export function failBackTargets<B extends Backend>(
  current: Backend,
  choice: Eligible<B>,
  takeoverKeepsFlows: boolean,
): readonly B[] {
  if (!takeoverKeepsFlows || choice.kind === "none") return [];
  return choice.backends.filter(
    ({ priority, operational, ramp }) => priority < current.priority && operational === "up" && ramp >= 1,
  );
}

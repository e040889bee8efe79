import { existsSync } from "node:fs";
import { connectControl } from "../../shared/control/client.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import { printable } from "../../shared/text.ts";
import { failed, type Finding, ok, skipped, thrown, warning } from "./finding.ts";

/** What the daemon on a control socket says; undefined when none runs there. */
export async function lookAtDaemon(socketPath: string): Promise<{ snapshot: Snapshot | undefined; found: Finding[] }> {
  if (!existsSync(socketPath)) return { snapshot: undefined, found: [skipped("daemon", `none runs at ${socketPath}`)] };
  try {
    using client = await connectControl({ socketPath, clientName: "doctor", timeoutMs: 3000 });
    const snapshot = await client.call("snapshot", {});
    return { snapshot, found: judge(snapshot) };
  } catch (error) {
    const unreachable = error instanceof Error && "code" in error && error.code === "control_unreachable";
    const found = unreachable ? skipped("daemon", `none answers at ${socketPath}`) : thrown("daemon", error);
    return { snapshot: undefined, found: [found] };
  }
}

function judge({ status, backends, breakers }: Snapshot): Finding[] {
  const { name, pid, state } = status;
  const found: Finding[] = [];
  const ready = state === "ready";
  if (ready) found.push(ok("daemon", `${name} (pid ${pid}) runs and is ready`));
  else found.push(failed("daemon", `${name} (pid ${pid}) runs and is ${state}`, "read on: the checks below say why"));
  for (const { code, severity, message } of status.alerts) {
    const text = printable(`alert ${code}: ${message}`, 300);
    const next = "sssonector ctl events";
    found.push(severity === "critical" ? failed("daemon", text, next) : warning("daemon", text, next));
  }
  for (const { name: backend, admin, operational, last_error: cause } of backends) {
    if (admin !== "ready") {
      found.push(warning("daemon", `${backend} is under ${admin}`, `sssonector ctl ready ${backend}`));
    } else if (operational === "down") {
      const why = cause === null ? "" : `: ${printable(cause, 200)}`;
      found.push(warning("daemon", `${backend} is down${why}`, "the checks of this server below say more"));
    }
  }
  for (const { name: breaker, state: at, last_cause: cause } of breakers) {
    if (at === "closed" || at === "disabled" || at === "observe") continue;
    const why = cause === null ? "" : ` (${printable(cause, 200)})`;
    found.push(
      warning("daemon", `the breaker of ${breaker} is ${at}${why}`, `sssonector ctl reset-breaker ${breaker}`),
    );
  }
  return found;
}

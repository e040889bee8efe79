import type { Clock, Millis } from "../shared/clock.ts";
import type { MoveFacts } from "../shared/control/protocol.ts";
import type { BackendBook } from "./backend-book.ts";
import type { BackendSettings, Entry, Usage } from "./backend-entry.ts";
import type { AdminState } from "./balance/eligible.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import { checksStart } from "./health/check-state.ts";

export interface BackendActionsParts {
  readonly clock: Clock;
  /** The published service whose endpoints these are; undefined for a client's servers. */
  readonly service: string | undefined;
  /** Whether what is connected can be moved without breaking it. */
  keepsFlows(): boolean;
  /** The admin state of a backend changed. */
  adminChanged(name: string, admin: AdminState): void;
}

/** What operators do to backends, and what it would do. */
export class BackendActions<S extends BackendSettings> {
  readonly #book: BackendBook<S>;
  readonly #parts: BackendActionsParts;

  constructor(book: BackendBook<S>, parts: BackendActionsParts) {
    this.#book = book;
    this.#parts = parts;
  }

  /** What an operator does to one server; undefined when there is none of that name. */
  act(
    action: BackendAction,
    options: { readonly dryRun: boolean; readonly acceptRisk: boolean },
    usage: (name: string) => Usage,
  ): ActionResult | undefined {
    if (action.kind === "reset_breaker" && action.backend === undefined) {
      if (!options.dryRun) for (const { breaker } of this.#book.entries) breaker.reset();
      return this.#done(options.dryRun, "reset every breaker", "");
    }
    const entry = this.#book.get(action.backend ?? "");
    if (entry === undefined) return undefined;
    const takes = this.#takesAway(action, entry);
    const left = this.#book.healthy().filter((name) => !takes || name !== entry.settings.name);
    const lastHealthy = takes && left.length === 0 && this.#book.healthy().includes(entry.settings.name);
    if (lastHealthy && !options.acceptRisk) {
      const message = `${entry.settings.name} is the last healthy backend: nothing would be left (--accept-risk does it all the same)`;
      return { kind: "refused", message };
    }
    const moved = usage(entry.settings.name);
    const fate = this.#fate(action);
    const moves = (action.kind === "drain" || action.kind === "maint") && fate !== "finish" && fate !== "stay";
    const facts: MoveFacts = {
      connections_moved: moves ? moved.connections : 0,
      bps_moved: moves ? moved.bps : 0,
      left,
      last_healthy: lastHealthy,
    };
    if (!options.dryRun) this.#carryOut(action, entry);
    return this.#done(
      options.dryRun,
      describe(action),
      entry.settings.name + (takes ? effect(facts, moved, fate) : ""),
      facts,
    );
  }

  #carryOut(action: BackendAction, entry: Entry<S>): void {
    switch (action.kind) {
      case "drain":
      case "maint":
      case "ready":
        return this.#setAdmin(entry, action.kind, action.kind === "drain" ? action.deadlineMs : undefined);
      case "set_weight":
        entry.pinned = action.weight === "auto" ? undefined : action.weight;
        return;
      case "reset_breaker":
        return entry.breaker.reset();
      case "open_breaker":
        return entry.breaker.forceOpen(action.forMs);
      case "close_breaker":
        return entry.breaker.disable();
    }
  }

  #setAdmin(entry: Entry<S>, admin: AdminState, deadline: Millis | undefined): void {
    const { clock } = this.#parts;
    entry.deadline?.cancel();
    entry.deadline =
      deadline === undefined ? undefined : clock.after(deadline, () => this.#setAdmin(entry, "maint", undefined));
    if (entry.admin === admin) return;
    // Nothing was checked meanwhile.
    if (entry.admin === "maint") entry.check = checksStart(clock.now());
    entry.admin = admin;
    entry.changedAt = clock.now();
    this.#parts.adminChanged(entry.settings.name, admin);
  }

  /** What is connected to a service's endpoint can't move, nor can a session whose takeover breaks flows: only maint ends it. */
  #fate(action: BackendAction): Fate {
    if (this.#parts.service === undefined)
      return action.kind === "drain" && !this.#parts.keepsFlows() ? "stay" : "move";
    if (action.kind === "maint") return "be reset";
    return action.kind === "drain" ? "finish" : "move";
  }

  /** Whether the action ends new traffic to a backend. */
  #takesAway(action: BackendAction, entry: Entry<S>): boolean {
    if (action.kind === "drain" || action.kind === "maint") return entry.admin === "ready";
    return action.kind === "open_breaker" || (action.kind === "set_weight" && action.weight === 0);
  }

  #done(dryRun: boolean, what: string, name: string, facts: Record<string, unknown> = {}): ActionResult {
    return { kind: "done", message: `${dryRun ? "would " : ""}${what} ${name}`.trim(), facts };
  }
}

/** What becomes of a backend's connections, with the words when there are none: a service's can't move. */
const fates = {
  move: "no connection moves",
  finish: "no connection is left to finish",
  stay: "no connection stays",
  "be reset": "no connection is reset",
} as const;

type Fate = keyof typeof fates;

/** What an action does to the backend's connections, and what it leaves, for its message. */
function effect({ connections_moved, left, last_healthy: last }: MoveFacts, use: Usage, fate: Fate): string {
  const count = fate === "finish" || fate === "stay" ? use.connections : connections_moved;
  const rest = left.length === 0 ? "nothing" : left.join(", ");
  const risk = last ? ", it is the last healthy backend" : "";
  if (count === 0) return `: ${fates[fate]}, ${rest} left healthy${risk}`;
  const what = `${count} ${count === 1 ? "connection" : "connections"} with ${(use.bps / 1e6).toFixed(1)} Mbit/s`;
  return `: ${what} to ${fate}, ${rest} left healthy${risk}`;
}

/** An action in words, before the name of its backend. */
function describe(action: BackendAction): string {
  switch (action.kind) {
    case "drain":
      return "drain";
    case "ready":
      return "make ready";
    case "maint":
      return "take into maintenance";
    case "set_weight":
      return action.weight === "auto" ? "give back the weight of" : `set to weight ${action.weight}`;
    case "reset_breaker":
      return "reset the breaker of";
    case "open_breaker":
      return "open the breaker of";
    case "close_breaker":
      return "close the breaker of";
  }
}

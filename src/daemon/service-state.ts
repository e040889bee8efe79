import type { Alert, Service } from "../shared/control/snapshot.ts";
import type { EventLog } from "./monitor/event-log.ts";

type Listening =
  | { readonly kind: "starting" }
  | { readonly kind: "listening" }
  | { readonly kind: "failed"; readonly error: string };

/** Whether a service listens, and what is told of it. */
export class ServiceState {
  readonly #name: string;
  readonly #events: EventLog;
  #listening: Listening = { kind: "starting" };

  constructor(name: string, events: EventLog) {
    this.#name = name;
    this.#events = events;
  }

  get failed(): boolean {
    return this.#listening.kind === "failed";
  }

  /** It listens (undefined), or why it can't. */
  listens(address: string, error: string | undefined): void {
    const before = this.#listening;
    const name = this.#name;
    this.#listening = error === undefined ? { kind: "listening" } : { kind: "failed", error };
    if (error === undefined) {
      if (before.kind === "listening") return;
      this.#events.add("info", "service_published", `${name} is published on ${address}`, { service: name });
    } else if (before.kind !== "failed" || before.error !== error) {
      const message = `${name} can't listen on ${address} (${error}); tried again each second`;
      this.#events.add("warning", "service_failed", message, { service: name, reason: error });
    }
  }

  /** `takes`: a new connection would find an endpoint. */
  columns(takes: boolean): Pick<Service, "state" | "error"> {
    const state = this.#listening;
    if (state.kind === "failed") return { state: "failed", error: state.error };
    const listening = takes ? "up" : "down";
    return { state: state.kind === "listening" ? listening : "starting", error: null };
  }

  alerts(takes: boolean): Alert[] {
    const { state, error } = this.columns(takes);
    if (state === "down") return [critical("service_down", `${this.#name}: no endpoint takes connections`)];
    if (state === "failed") return [critical("service_failed", `${this.#name} can't listen (${error ?? ""})`)];
    return [];
  }
}

function critical(code: string, message: string): Alert {
  return { code, severity: "critical", message };
}

import type { Millis, Timer } from "../shared/clock.ts";
import type { ActionResult } from "./control/backend.ts";
import type { RoleParts } from "./role.ts";
import type { SessionRegistry } from "./session/registry.ts";

type Parts = Pick<RoleParts, "clock" | "engine" | "events" | "links"> & { readonly registry: SessionRegistry };

/** Emptying a server: no new sessions, clients are asked to move, and at a deadline what is left is closed. */
export class ServerDrain {
  readonly #parts: Parts;
  /** Waits for the last link to go; undefined while nothing is drained. */
  #draining: PromiseWithResolvers<void> | undefined;
  #deadline: Timer | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get active(): boolean {
    return this.#draining !== undefined;
  }

  /** An operator's `drain`; without a deadline it lasts until it is taken back. */
  order(deadline: Millis | undefined, dryRun: boolean): ActionResult {
    const { links, clock } = this.#parts;
    const facts = { connections_moved: links.size, bps_moved: 0, left: [], last_healthy: false };
    const count = `${facts.connections_moved} connections`;
    if (dryRun) return { kind: "done", message: `would ask ${count} to move`, facts };
    void this.begin();
    this.#deadline?.cancel();
    this.#deadline = deadline === undefined ? undefined : clock.after(deadline, () => this.#closeRest());
    return { kind: "done", message: `asks ${count} to move`, facts };
  }

  /** An operator's `ready`: ends a drain before it was over. */
  takeBack(dryRun: boolean): ActionResult {
    if (dryRun) return { kind: "done", message: "would take sessions again" };
    this.#deadline?.cancel();
    this.#draining?.resolve();
    if (this.#draining !== undefined) this.#parts.events.add("info", "drain_ended", "sessions are taken again");
    this.#draining = undefined;
    this.#parts.engine.send({ type: "draining", on: false });
    return { kind: "done", message: "takes sessions again" };
  }

  /** Resolves when nothing is left. */
  begin(): Promise<void> {
    const { engine, events } = this.#parts;
    if (this.#draining === undefined) {
      this.#draining = Promise.withResolvers();
      engine.send({ type: "draining", on: true });
      engine.send({ type: "goaway", link: undefined, scope: "server", reason: "drain" });
      events.add("info", "draining", "clients are asked to move, new sessions are refused");
    }
    const { promise } = this.#draining;
    this.linkGone();
    return promise;
  }

  /** A link went: it may have been the last. */
  linkGone(): void {
    if (this.#parts.links.size === 0) this.#draining?.resolve();
  }

  stop(): void {
    this.#deadline?.cancel();
  }

  #closeRest(): void {
    for (const { id } of this.#parts.registry.sessions()) {
      this.#parts.engine.send({ type: "close_session", session: id, reason: "stopping", text: "drained" });
    }
  }
}

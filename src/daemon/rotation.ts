import type { Clock, Millis, Timer } from "../shared/clock.ts";
import type { ActionResult } from "./control/backend.ts";
import type { Engine } from "./engine/engine.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { LinkBook } from "./pool/link-book.ts";

const stepEvery: Millis = 100;
/** 50 links a second: a handshake costs a server about a millisecond, and traffic goes on meanwhile. */
const linksInStep = 5;

/** A server's request to its clients to replace their links one by one, a few at a time. */
export class Rotation {
  readonly #parts: {
    readonly clock: Clock;
    readonly engine: Engine;
    readonly events: EventLog;
    readonly links: LinkBook;
  };
  #waiting: number[] = [];
  #timer: Timer | undefined;

  constructor(parts: { clock: Clock; engine: Engine; events: EventLog; links: LinkBook }) {
    this.#parts = parts;
  }

  begin(dryRun: boolean): ActionResult {
    const links = [...this.#parts.links].filter(({ state }) => state === "active").map(({ link }) => link);
    const count = links.length;
    const seconds = Math.ceil((count / linksInStep) * (stepEvery / 1000));
    const what = `${count} ${count === 1 ? "link" : "links"} to be replaced, within about ${seconds} s`;
    const facts = { links: count, seconds };
    if (dryRun) return { kind: "done", message: `would ask for ${what}`, facts };
    this.stop();
    this.#waiting = links;
    this.#timer = this.#parts.clock.every(stepEvery, () => this.#step());
    this.#parts.events.add("info", "rotating", `asks for ${what}`, { count });
    return { kind: "done", message: `asks for ${what}`, facts };
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #step(): void {
    for (const link of this.#waiting.splice(0, linksInStep)) {
      this.#parts.engine.send({ type: "goaway", link, scope: "link", reason: "rotation" });
    }
    if (this.#waiting.length === 0) this.stop();
  }
}

import type { MoveOver } from "../flow/move-over.ts";
import type { Outbound } from "../flow/outbound.ts";
import { frameType } from "../link/frame.ts";
import type { Link } from "../link/link.ts";
import { type CloseReason, encodeGoaway } from "../link/messages.ts";
import { counterIndex } from "../metrics/counters.ts";
import type { LinkLoss } from "./link-loss.ts";
import type { LinkTable } from "./link-table.ts";
import type { Command, DataThreadOptions, Event } from "./messages.ts";

/** A server that was asked to finish a link has this long for it. */
const retireDeadline = 10_000;

interface LinkEndsParts {
  readonly options: Pick<DataThreadOptions, "counters">;
  readonly links: LinkTable;
  readonly loss: LinkLoss;
  readonly outbound: Outbound;
  /** Undefined while there is one data thread. */
  readonly moveOver: MoveOver | undefined;
  readonly emit: (event: Event) => void;
}

/** How links end: asked to be left, replaced by another with all frames delivered, or closed. */
export class LinkEnds {
  readonly #parts: LinkEndsParts;

  constructor(parts: LinkEndsParts) {
    this.#parts = parts;
  }

  close(id: number, reason: CloseReason, text: string): void {
    this.#parts.links.get(id)?.link.close(reason, text);
  }

  /** Asks the peer of one link, or of every active one, to leave it. */
  askToLeave({ link: id, scope, reason }: Extract<Command, { type: "goaway" }>): void {
    const body = encodeGoaway(scope, reason);
    const asked = id === undefined ? this.#parts.links : [this.#parts.links.get(id)];
    for (const held of asked) {
      if (held?.link.state.kind === "active") held.link.control(frameType.goaway, body);
    }
  }

  /** A client's link: its flows go elsewhere, the server is asked for the same, and ends it behind its last frame. */
  retire(id: number, after: number): void {
    const held = this.#parts.links.get(id);
    if (held === undefined) return;
    const { link } = held;
    held.session?.remove(link);
    const ask = (): void => link.control(frameType.goaway, encodeGoaway("link", "another link took its place"));
    if (after === 0) ask();
    // Timers that don't keep a thread that was stopped.
    else setTimeout(ask, after).unref();
    setTimeout(() => link.close("normal", "another link took its place"), after + retireDeadline).unref();
  }

  /** A server's link whose client sends nothing more on it. */
  finish(link: Link): void {
    const session = this.#parts.links.get(link.id)?.session;
    session?.remove(link);
    if (session !== undefined) this.#parts.moveOver?.look(session);
    link.finish("normal", "another link took its place");
  }

  /** A link has ended, with so many frames unsent. */
  closed(link: Link, reason: string, text: string, unsent: number): void {
    const { links, options, loss, outbound, moveOver, emit } = this.#parts;
    const held = links.remove(link.id);
    if (held === undefined) return;
    options.counters[counterIndex.link_closed]! += unsent;
    held.session?.remove(link);
    if (held.session?.links.length === 0) loss.begin(held.session);
    if (held.session !== undefined) moveOver?.look(held.session);
    outbound.resume();
    emit({ type: "closed", link: link.id, reason, text });
  }
}

import type { Command } from "./messages.ts";
import { threadOf } from "./team.ts";

/** Tells every data thread of all sessions, and which threads have links of them. */
export class SharedSessions {
  readonly #count: number;
  readonly #post: (thread: number, command: Command) => void;
  /** Of each session with links: those links. */
  readonly #links = new Map<string, Set<number>>();
  readonly #sessionOf = new Map<number, string>();

  constructor(count: number, post: (thread: number, command: Command) => void) {
    this.#count = count;
    this.#post = post;
  }

  /** A link of the session comes up on its thread, which has been told already. */
  admitted({ link, session, linkIndex, supersede }: Extract<Command, { type: "admit" }>): void {
    const links = this.#links.get(session.id) ?? new Set();
    const before = this.#threads(links);
    links.add(link);
    this.#links.set(session.id, links);
    this.#sessionOf.set(link, session.id);
    const threads = this.#threads(links);
    const own = threadOf(link, this.#count);
    for (let thread = 0; thread < this.#count; thread += 1) {
      if (thread !== own) this.#post(thread, { type: "know", session, threads, linkIndex, supersede });
    }
    if (before.some((thread) => thread !== own)) this.#post(own, { type: "holders", session: session.id, threads });
  }

  /** Nothing more is sent on the link. */
  linkGone(link: number): void {
    const session = this.#sessionOf.get(link);
    if (session === undefined) return;
    this.#sessionOf.delete(link);
    const links = this.#links.get(session);
    if (links === undefined) return;
    const before = this.#threads(links);
    links.delete(link);
    if (links.size === 0) this.#links.delete(session);
    const threads = this.#threads(links);
    if (threads.length === before.length) return;
    for (let thread = 0; thread < this.#count; thread += 1) this.#post(thread, { type: "holders", session, threads });
  }

  closed(session: string): void {
    for (const link of this.#links.get(session) ?? []) this.#sessionOf.delete(link);
    this.#links.delete(session);
  }

  #threads(links: ReadonlySet<number>): readonly number[] {
    return [...new Set([...links].map((link) => threadOf(link, this.#count)))];
  }
}

import { formatNetwork } from "../../shared/address.ts";
import type { Millis } from "../../shared/clock.ts";
import { DataSession, type SessionLink, type SessionSpec } from "./data-session.ts";
import { PrefixTable } from "./prefix-table.ts";

/** Every session of one data thread, by id and by the inner addresses that it owns. */
export class SessionTable<L extends SessionLink> {
  readonly #byId = new Map<string, DataSession<L>>();
  readonly #byAddress = new PrefixTable<DataSession<L>>();
  readonly #now: () => Millis;
  #first: DataSession<L> | undefined;

  /** `now` tells how long a flow was silent. */
  constructor(now: () => Millis) {
    this.#now = now;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The oldest one; a client asks for it with every packet. */
  get first(): DataSession<L> | undefined {
    return this.#first;
  }

  get(id: string): DataSession<L> | undefined {
    return this.#byId.get(id);
  }

  /** Adds the session, or gives the one of that id its newer properties. */
  put(spec: SessionSpec): DataSession<L> {
    const present = this.#byId.get(spec.id);
    if (present !== undefined) {
      for (const prefix of present.prefixes) this.#byAddress.delete(prefix, present);
      present.update(spec);
    }
    const session = present ?? new DataSession<L>(spec, this.#now);
    this.#byId.set(spec.id, session);
    this.#first ??= session;
    for (const prefix of session.prefixes) this.#byAddress.set(prefix, session);
    return session;
  }

  remove(id: string): DataSession<L> | undefined {
    const session = this.#byId.get(id);
    if (session === undefined) return undefined;
    this.#byId.delete(id);
    if (this.#first === session) this.#first = this.#byId.values().next().value;
    const freed = session.prefixes.filter((prefix) => this.#byAddress.delete(prefix, session)).map(formatNetwork);
    for (const other of this.#byId.values()) {
      if (other.identity === session.identity) this.#takeBack(other, freed);
    }
    return session;
  }

  /** Networks of an identity are its newest session's; when that goes, another of its sessions gets them again. */
  #takeBack(session: DataSession<L>, freed: readonly string[]): void {
    for (const prefix of session.prefixes) {
      if (freed.includes(formatNetwork(prefix))) this.#byAddress.set(prefix, session);
    }
  }

  owner4(word: number): DataSession<L> | undefined {
    return this.#byAddress.find4(word);
  }

  owner6(a: number, b: number, c: number, d: number): DataSession<L> | undefined {
    return this.#byAddress.find6(a, b, c, d);
  }

  [Symbol.iterator](): IterableIterator<DataSession<L>> {
    return this.#byId.values();
  }
}

import { type Address, formatNetwork } from "../../shared/address.ts";
import type { Millis } from "../../shared/clock.ts";
import { AddressOwners } from "./address-owners.ts";
import { DataSession, type SessionLink, type SessionSpec } from "./data-session.ts";

/** Every session of one data thread, by id and by the inner addresses that it owns. */
export class SessionTable<L extends SessionLink> {
  readonly #byId = new Map<string, DataSession<L>>();
  /** How many sessions each identity has. */
  readonly #ofIdentity = new Map<string, number>();
  readonly #byAddress = new AddressOwners<DataSession<L>>();
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

  /** Whether any session is the identity's. */
  hasIdentity(identity: string): boolean {
    return this.#ofIdentity.has(identity);
  }

  /** Adds the session, or gives the one of that id its newer properties. */
  put(spec: SessionSpec): DataSession<L> {
    const present = this.#byId.get(spec.id);
    const session = present ?? new DataSession<L>(spec, this.#now);
    if (present === undefined) this.#add(session);
    else this.#update(session, spec);
    for (const prefix of session.prefixes) this.#byAddress.claim(prefix, session);
    return session;
  }

  remove(id: string): DataSession<L> | undefined {
    const session = this.#byId.get(id);
    if (session === undefined) return undefined;
    this.#byId.delete(id);
    if (this.#first === session) this.#first = this.#byId.values().next().value;
    this.#count(session.identity, -1);
    for (const prefix of session.prefixes) this.#byAddress.release(prefix, session);
    return session;
  }

  owner(address: Address): DataSession<L> | undefined {
    return address.family === 4 ? this.owner4(address.word) : this.owner6(...address.words);
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

  #add(session: DataSession<L>): void {
    this.#byId.set(session.id, session);
    this.#first ??= session;
    this.#count(session.identity, 1);
  }

  #update(session: DataSession<L>, spec: SessionSpec): void {
    const kept = new Set(spec.prefixes.map(formatNetwork));
    for (const prefix of session.prefixes) {
      if (!kept.has(formatNetwork(prefix))) this.#byAddress.release(prefix, session);
    }
    session.update(spec);
  }

  #count(identity: string, step: 1 | -1): void {
    const count = (this.#ofIdentity.get(identity) ?? 0) + step;
    if (count === 0) this.#ofIdentity.delete(identity);
    else this.#ofIdentity.set(identity, count);
  }
}

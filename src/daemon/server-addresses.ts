import type { Timer } from "../shared/clock.ts";
import type { Alert } from "../shared/control/snapshot.ts";
import type { ServerSettings } from "./config/settings.ts";
import { shortSession } from "./pool/link-book.ts";
import { ReturnPath } from "./return-path.ts";
import type { RoleParts } from "./role.ts";
import { innerPrefixes } from "./server-rules.ts";
import type { ServerSession, SessionRegistry } from "./session/registry.ts";

/** What comes over old links is delivered for this long after another server took the session. */
const letGoAfter = 5_000;

type Parts = Pick<RoleParts, "clock" | "engine" | "events"> & { readonly registry: SessionRegistry };

/** Which sessions' addresses this server answers for, towards the services; those that other servers took are let go. */
export class ServerAddresses {
  readonly #parts: Parts;
  /** Sessions that other servers took, until their links here are closed. */
  readonly #lettingGo = new Map<ServerSession, Timer>();
  #returnPath: ReturnPath | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Errors: those of ReturnPath.open. */
  async open(settings: ServerSettings): Promise<void> {
    this.#returnPath = await ReturnPath.open(settings, {
      clock: this.#parts.clock,
      tunnel: settings.network.interface,
      prefixes: innerPrefixes(settings),
      onTaken: (address, mac) => this.#taken(address, mac),
    });
  }

  own(session: ServerSession): void {
    // It hears first what others told before: that is history now.
    this.#returnPath?.forwarding.own(session.addresses);
    this.#lettingGo.get(session)?.cancel();
    this.#lettingGo.delete(session);
  }

  release({ addresses }: ServerSession): void {
    this.#returnPath?.forwarding.release(addresses);
  }

  alerts(): Alert[] {
    return this.#returnPath?.alerts() ?? [];
  }

  /** Once a second. */
  tick(): void {
    this.#returnPath?.tick();
  }

  networkChanged(): void {
    this.#returnPath?.forwarding.networkChanged();
  }

  async close(): Promise<void> {
    for (const timer of this.#lettingGo.values()) timer.cancel();
    await this.#returnPath?.forwarding.close();
  }

  /** Another server answers for an address of a session: the client went there, and its links here are old ones. */
  #taken(address: string, mac: string): void {
    const { registry, events, clock } = this.#parts;
    const session = registry.ofAddress(address);
    if (session === undefined || session.guest || this.#lettingGo.has(session)) return;
    const { id, identity } = session;
    const facts = { identity, session: shortSession(id), mac };
    events.add("info", "session_taken", `${identity} is served by another server now (${mac})`, facts);
    this.#lettingGo.set(
      session,
      clock.after(letGoAfter, () => this.#letGo(session)),
    );
  }

  #letGo(session: ServerSession): void {
    const { registry, engine } = this.#parts;
    const { id } = session;
    this.#lettingGo.delete(session);
    if (registry.get(id) !== session) return;
    const text = "another server answers for the session";
    engine.send({ type: "close_session", session: id, reason: "normal", text });
    registry.remove(id);
    this.release(session);
  }
}

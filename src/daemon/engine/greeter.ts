import { type FrameType, frameType } from "../link/frame.ts";
import type { Link } from "../link/link.ts";
import { decodeHello, decodeWelcome, encodeWelcome, protocolVersion, type Welcome } from "../link/messages.ts";
import type { Keepalive } from "./keepalive.ts";
import { type HeldLink, type LinkTable, timesOf } from "./link-table.ts";
import type { Command, DataThreadOptions, Event } from "./messages.ts";
import type { ThreadSessions } from "./thread-sessions.ts";

/** For the control plane to answer a HELLO: many come at once when a server is restarted. */
const admissionDeadline = 10_000;

interface GreeterParts {
  readonly mode: DataThreadOptions["mode"];
  readonly links: LinkTable;
  readonly sessions: ThreadSessions;
  readonly keepalive: Keepalive;
  readonly emit: (event: Event) => void;
}

/** From the handshake to the session: HELLO and its admission on a server, WELCOME on a client. */
export class Greeter {
  readonly #parts: GreeterParts;

  constructor(parts: GreeterParts) {
    this.#parts = parts;
  }

  greeting(link: Link, type: FrameType, body: Buffer): void {
    const held = this.#parts.links.get(link.id);
    if (held === undefined) return;
    if (this.#parts.mode === "server") return this.#hello(held, type, body);
    if (type !== frameType.welcome) return link.close("protocol_error", "unexpected HELLO");
    const welcome = decodeWelcome(body);
    if (welcome === undefined) return link.close("protocol_error", "malformed WELCOME");
    this.#welcomed(held, welcome);
  }

  /** The control plane's answer to HELLO. */
  admit(command: Extract<Command, { type: "admit" }>): void {
    const { links, sessions } = this.#parts;
    const held = links.get(command.link);
    if (held === undefined || held.link.state.kind !== "configuring") return;
    const session = sessions.put(command.session);
    held.link.index = command.linkIndex;
    const ended = session.links.filter((other) => command.supersede || other.index === command.linkIndex);
    held.link.control(frameType.welcome, encodeWelcome(command.welcome));
    if (command.welcome.capabilities.zstd) held.link.compress();
    sessions.join(held, session);
    for (const other of ended) links.get(other.id)?.link.close("superseded", "a newer link took its place");
  }

  #hello(held: HeldLink, type: FrameType, body: Buffer): void {
    const { link, slot, certificate } = held;
    if (type !== frameType.hello) return link.close("protocol_error", "unexpected WELCOME");
    if (held.greeted) return link.close("protocol_error", "a second HELLO");
    held.greeted = true;
    const hello = decodeHello(body);
    if (hello === undefined) return link.close("protocol_error", "malformed HELLO");
    if (hello.version !== protocolVersion) return link.close("version", `this end speaks version ${protocolVersion}`);
    link.state = { kind: "configuring", until: performance.now() + admissionDeadline };
    const { identity, remote } = link;
    const took = timesOf(held);
    this.#parts.emit({ type: "hello", link: link.id, slot, remote, identity, certificate, took, hello });
  }

  /** A client's link is up. */
  #welcomed(held: HeldLink, welcome: Welcome): void {
    const { sessions, keepalive, emit } = this.#parts;
    const { link, named, slot } = held;
    // One server of several must not end the session that the others have.
    if (named !== undefined && named !== welcome.session)
      return link.close("protocol_error", "another session's WELCOME");
    const session = sessions.welcomed(held, welcome);
    if (held.session === undefined) {
      if (held.offersCompression && welcome.capabilities.zstd) link.compress();
      sessions.join(held, session);
    }
    keepalive.ask(welcome.keepaliveMs);
    emit({ type: "welcome", link: link.id, slot, remote: link.remote, took: timesOf(held), welcome });
  }
}

/**
 * Every field of a log line and of an event's facts, in one table: code that writes one is checked against it, and
 * docs/events.md repeats it.
 */
export const logKeys = {
  code: "what the line is about: a code of docs/events.md, or of docs/errors.md where a start fails",
  seq: "number of the event, as `ctl events` shows it",
  identity: "identity of the peer, from its certificate",
  remote: "outer address of the peer, `host:port`",
  session: "short id of the session",
  inner: "inner addresses of the session, with spaces between",
  backend: "name of the server or service endpoint",
  bucket: "name of a rate limit",
  service: "name of a published service",
  server: "id that a server gives itself",
  reason: "stable name of why, see docs/drops.md for refusals",
  intent: "how a link came: new, join or takeover",
  links_left: "links that the session still has",
  authenticate_ms: "from the TCP connection of a link to the peer's identity",
  configure_ms: "from there until the link carried traffic",
  lived_seconds: "from the beginning of a link to its end",
  drained_ms: "from when a link got nothing more to send to its end",
  destination: "inner address, protocol and port that a packet was sent to",
  mac: "Ethernet address of another server",
  scope: "what a peer asks to be left: link or server",
  from: "state before",
  to: "state after",
  cause: "why a state changed",
  admin: "what the operator wants of a backend: ready, drain or maint",
  interface: "the TUN interface",
  mode: "server or client",
  count: "how many",
  suppressed: "lines about the same peer that were left out since the last one",
  serial: "serial number of a certificate, in hex",
  trigger: "what asked for a reload: command, signal, config_file or certificate_files",
  file: "a file",
  who: "user who called on the control channel",
  action: "method that was called",
  target: "what it was called on",
  outcome: "what came of it",
  revision: "`control.revision` that an action made",
  before: "state of what an action was done to, before it; null: there was none",
  after: "the same after it",
} as const;

export type LogKey = keyof typeof logKeys;

/** Facts of an event or of a log line. */
export type LogFacts = Partial<Record<LogKey, string | number>>;

/** Severities of events. */
export type Severity = "info" | "warning" | "critical";

interface EventRow {
  /** It varies between info and warning where a change can be good or bad. */
  severity: Severity | "varies";
  means: string;
  /** What an operator does about it, where something needs to be done. */
  next?: string;
  /** A peer can cause it as often as it likes, so that it is limited per peer. */
  peer?: true;
  /** Somebody tried what they may not. */
  security?: true;
}

/** Code of every event and of every log line of a daemon that runs: public, docs/events.md repeats the table. */
const eventCodes = {
  started: { severity: "info", means: "The daemon is up." },
  stopped: { severity: "info", means: "The daemon ended as asked. In the log only." },
  not_in_effect: {
    severity: "warning",
    means: "A setting is accepted and steers nothing yet. In the log only.",
    next: "see docs/configuration.md",
  },
  audit: {
    severity: "info",
    means: "Somebody called an action on the control channel. In the log and in audit.jsonl.",
  },
  operator_action: { severity: "info", means: "An action on the control channel was carried out." },
  tun_gone: {
    severity: "critical",
    means: "The tunnel's interface was taken down or removed; the daemon ends.",
    next: "see with `ip -d link` who manages the interface",
  },
  engine_died: {
    severity: "critical",
    means: "The data thread ended by itself; the daemon ends.",
    next: "this is a bug: report it with the log",
  },

  link_up: {
    severity: "info",
    means: "A link carries traffic: a session was opened, joined or taken over.",
    peer: true,
  },
  link_down: {
    severity: "varies",
    means: "A link ended; `reason` says why. A warning on the client, which makes the next one.",
    next: "when it repeats: `sssonector ctl backends`, and the peer's log",
    peer: true,
  },
  link_retired: {
    severity: "info",
    means: "A link ended after another one took its place: everything that was sent on it had its time to arrive.",
    peer: true,
  },
  rate_set: { severity: "info", means: "An operator set a rate limit or gave it back." },
  rate_expired: {
    severity: "info",
    means: "A rate limit that an operator set for a while has ended.",
  },
  link_kicked: { severity: "warning", means: "An operator closed a link." },
  session_kicked: { severity: "warning", means: "An operator closed a session." },
  session_expired: { severity: "info", means: "A session without links reached the end of its lease." },
  session_taken: { severity: "info", means: "Another server of the cluster serves the session now." },
  session_refused: {
    severity: "warning",
    means: "A peer with a good certificate was refused a session; `reason` says why.",
    next: "when it should be let in: look at access in the configuration",
    peer: true,
    security: true,
  },
  handshake_refused: {
    severity: "warning",
    means: "A TLS handshake came to nothing; `reason` is a row of docs/drops.md.",
    next: "see docs/drops.md for the reason; a stranger's attempts need nothing done",
    peer: true,
    security: true,
  },
  spoofed_source: {
    severity: "warning",
    means: "A client sends packets from an address that is not its own.",
    next: "when the address lies behind the client: add it to access.identities[].allowed_ips",
    peer: true,
    security: true,
  },
  control_refused: {
    severity: "warning",
    means: "Somebody was refused at control.tcp; `reason` says why.",
    next: "when it should be let in: look at control.tcp.token_file",
    peer: true,
    security: true,
  },
  control_tcp_unavailable: {
    severity: "warning",
    means: "The control channel over TCP can't be opened; the socket works.",
    next: "see the cause; restart when it is mended",
  },
  acl_refused: {
    severity: "warning",
    means: "A client sends what its rules refuse; `destination` is one of the packets'.",
    next: "when it should be allowed: add a rule to access.identities[].acl or access.acl",
    peer: true,
    security: true,
  },
  role_refused: {
    severity: "warning",
    means: "A viewer called an action on the control channel that needs an operator.",
    next: "when the user should act: add it to control.operators",
    peer: true,
    security: true,
  },
  identity_in_two_places: {
    severity: "critical",
    means: "Two clients with one certificate and a fixed address displace each other.",
    next: "find the copy of the certificate; revoke it with `sssonector pki revoke`",
    security: true,
  },
  admission_failed: {
    severity: "critical",
    means: "A peer could not be admitted for a fault of ours.",
    next: "this is a bug: report it with the log",
  },
  renewal_failed: {
    severity: "critical",
    means: "A session's token could not be renewed.",
    next: "this is a bug: report it with the log",
  },
  lease_not_journalled: {
    severity: "critical",
    means: "Address leases can't be written; after a restart clients may get other addresses.",
    next: "look for free space in core.state_dir: df",
  },
  session_not_saved: {
    severity: "critical",
    means: "The client's session can't be written; after a restart it gets another address.",
    next: "look for free space in core.state_dir: df",
  },
  host_not_applied: {
    severity: "critical",
    means: "The host did not take the session's addresses and routes.",
    next: "see the cause; it is tried again with the next link",
  },
  host_route_refused: {
    severity: "warning",
    means: "The host did not take an address or a route.",
    next: "see the cause with `ip route`",
  },
  repin_failed: {
    severity: "warning",
    means: "The route to the servers outside the tunnel could not be set.",
    next: "see the cause with `ip route get`",
  },

  connect_failed: {
    severity: "warning",
    means: "The client could not bring up a link to a server; `reason` says why.",
    next: "`sssonector ctl backends`, and that server's log",
  },
  pool_limited: {
    severity: "info",
    means: "The session could not get one more link to its server; `reason` says why. It goes on with those it has.",
    next: "with reason peer_server_full: a smaller pool.max_size, or a larger core.max_connections on the server",
  },
  goaway: { severity: "info", means: "A server asks to be left." },
  clusters_differ: {
    severity: "warning",
    means: "The client's servers don't share one cluster secret, so that sessions can't move.",
    next: "give all servers the same cluster.secret_file",
  },
  backend_changed: {
    severity: "varies",
    means: "A backend went up or down, or is about to stop.",
    next: "when it is down: `sssonector ctl backends`, and its host",
  },
  backend_admin: { severity: "info", means: "An operator drained a backend, or took it out or back." },
  breaker_changed: {
    severity: "varies",
    means: "A circuit breaker changed its state.",
    next: "when it is open: `sssonector ctl breakers` for the cause",
  },
  service_published: { severity: "info", means: "A published service listens on its inner address." },
  service_failed: {
    severity: "warning",
    means: "A published service can't listen on its inner address; it is tried again each second.",
    next: "see with `ss -ltn` who has the port, and whether the address is the server's own",
  },
  service_kicked: { severity: "warning", means: "An operator reset a connection to a published service." },
  draining: { severity: "info", means: "The server asks its clients to move." },
  drain_ended: {
    severity: "info",
    means: "An operator made the server ready again before its drain was over.",
  },

  link_distrusted: {
    severity: "warning",
    means: "A link ended because the peer's certificate is no longer good; `reason` says why.",
    next: "when the peer should be let in: give it a new certificate",
    security: true,
  },
  identity_denied: {
    severity: "warning",
    means: "An operator shut an identity out of this server.",
    security: true,
  },
  identity_allowed: { severity: "info", means: "An operator let an identity in again." },
  rotating: { severity: "info", means: "The server asks its clients to replace their links." },
  certificate_expires: {
    severity: "warning",
    means: "Own certificate, CA or revocation list ends in 30 or 14 days.",
    next: "`sssonector pki renew` or `pki crl`, and put the file in its place",
  },
  certificate_expires_soon: {
    severity: "critical",
    means: "Own certificate, CA or revocation list ends in 3 days or has ended; then no link comes up any more.",
    next: "`sssonector pki renew` or `pki crl`, and put the file in its place",
  },
  certificates_renewed: { severity: "info", means: "New certificate files are in use." },

  reloaded: { severity: "info", means: "A reload was applied." },
  reload_failed: {
    severity: "critical",
    means: "A reload, or new certificate files, changed nothing, since something was wrong with them.",
    next: "mend what the message names, then `sssonector ctl reload`",
  },
  audit_failed: {
    severity: "critical",
    means: "The audit can't be written.",
    next: "look for free space in core.state_dir: df",
  },
  metrics_unavailable: {
    severity: "warning",
    means: "The metrics endpoint can't be opened; it is tried again every ten seconds.",
    next: "see who has the port with `ss -ltnp`, or change monitoring.prometheus.port",
  },
  metrics_served: { severity: "info", means: "The metrics endpoint is open." },
  crashed: {
    severity: "critical",
    means: "The daemon could not start or go on, for a reason that has no code. In the log only.",
    next: "this is a bug: report it with the log",
  },
  log_level: { severity: "info", means: "The log level was changed by an operator." },
  log_lost: {
    severity: "warning",
    means: "Log lines could not be written; traffic goes on.",
    next: "look at monitoring.logging.output: free space (df) and permissions",
  },
} as const;

export type EventCode = keyof typeof eventCodes;

type Written<C extends EventCode> = (typeof eventCodes)[C]["severity"];

/** Severities that a code comes with. */
export type SeverityOf<C extends EventCode> = Written<C> extends "varies" ? "info" | "warning" : Written<C>;

/** Codes for what should not happen. */
export type CriticalCode = {
  [C in EventCode]: "critical" extends Written<C> ? C : never;
}[EventCode];

/** The table with every row of the same type. */
export const eventRows: Readonly<Record<EventCode, EventRow>> = eventCodes;

import type { Clock, Millis } from "../shared/clock.ts";
import type { Alert, DaemonState, Moment, Snapshot, Status } from "../shared/control/snapshot.ts";
import type { Certificates } from "./certificates.ts";
import type { ControlChannel } from "./control-channel.ts";
import { heldBackBy } from "./held-back.ts";
import type { Log } from "./logs/log.ts";
import { readDrops, readTotals } from "./metrics/counters.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { History, mostKept, type Recorded } from "./monitor/history.ts";
import type { Monitor } from "./monitor/monitor.ts";
import type { LinkBook } from "./pool/link-book.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Reloader } from "./reloader.ts";
import type { Role } from "./role.ts";
import type { Telemetry } from "./telemetry.ts";

export interface SnapshotParts {
  readonly clock: Clock;
  readonly version: string;
  readonly bootId: string;
  readonly startedAt: Millis;
  /** Name of the TUN interface. */
  readonly interfaceName: string;
  readonly counters: readonly Float64Array[];
  readonly refused: ReadonlyMap<string, number>;
  readonly log: Log;
  readonly events: EventLog;
  readonly links: LinkBook;
  readonly certificates: Certificates;
  readonly reloader: Reloader;
  readonly role: Role;
  readonly rateLimits: RateLimits;
  readonly monitor: Monitor;
  readonly telemetry: Telemetry;
  readonly channel: ControlChannel;
  state(): DaemonState;
}

/** The state of the whole daemon as others see it: now, and at the moments that are kept. */
export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #moments = new History();

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /** Without the control channel's own part. */
  now(): Omit<Snapshot, "control"> {
    const { events, telemetry, monitor, role } = this.#parts;
    const recorded = this.recorded();
    // The history has none of these: strangers would fill it.
    const connections = [...recorded.connections, ...role.arrivals().rows];
    return {
      v: 1,
      ...recorded,
      connections,
      top: telemetry.top,
      events: events.newest(200),
      history: [...monitor.history],
    };
  }

  /** Keeps this second: of long tables only rows that the history has room for are made. */
  record(): void {
    const { role, links, rateLimits } = this.#parts;
    const recorded = this.recorded(mostKept);
    const { sessions, connections, buckets } = recorded;
    const shown = sessions.length + connections.filter(({ kind }) => kind === "link").length + buckets.length;
    this.#moments.record(recorded, role.sessionCount + links.size + rateLimits.count - shown);
  }

  moment(at_ms: number): Moment | undefined {
    return this.#moments.at(at_ms);
  }

  kept(): { oldest_ms: number | null; newest_ms: number | null } {
    return { oldest_ms: this.#moments.oldest, newest_ms: this.#moments.newest };
  }

  /** One line for `systemctl status`. */
  statusLine(): string {
    const { role, links } = this.#parts;
    return `${this.#parts.state()}: ${role.sessionCount} sessions, ${links.size} links`;
  }

  /** Everything, or the busiest connections and the first rows of other tables. */
  recorded(most?: typeof mostKept): Recorded {
    const { clock, role, monitor, rateLimits } = this.#parts;
    const connections = monitor.links.connections(most?.connections);
    const breakers = role.breakers();
    return {
      time_ms: clock.wall(),
      status: this.#status(),
      connections: heldBackBy(breakers, [...connections, ...role.serviceConnections()]),
      sessions: role.sessions(most?.rows),
      backends: role.backends(),
      breakers,
      services: role.services(),
      buckets: rateLimits.rows(most?.rows),
    };
  }

  #status(): Status {
    const { clock, version, bootId, startedAt, interfaceName, counters, refused } = this.#parts;
    const { log, certificates, reloader, role, telemetry, links } = this.#parts;
    const { core, network } = reloader.settings;
    return {
      name: core.name,
      mode: core.mode,
      version,
      state: this.#parts.state(),
      uptime_seconds: Math.round((clock.now() - startedAt) / 1000),
      pid: process.pid,
      boot_id: bootId,
      interface: interfaceName,
      mtu: network.mtu,
      inner: [...role.inner],
      sessions: role.sessionCount,
      connections: links.size,
      arriving: role.arrivals().count,
      ...readTotals(counters),
      dropped: readDrops(counters),
      refused: Object.fromEntries(refused),
      certificate_expires_seconds: certificates.expiresSeconds("certificate") ?? 0,
      ca_expires_seconds: certificates.expiresSeconds("ca") ?? 0,
      crl_expires_seconds: certificates.expiresSeconds("crl"),
      last_reload: reloader.last,
      log_level: log.level,
      log_lines_lost: log.lost,
      resources: telemetry.resources(),
      alerts: this.#alerts(),
    };
  }

  #alerts(): Alert[] {
    const { channel, certificates, reloader, role, telemetry } = this.#parts;
    return [channel, certificates, reloader, role, telemetry].flatMap((part) => part.alerts());
  }
}

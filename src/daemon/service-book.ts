import type { Clock, Millis } from "../shared/clock.ts";
import type { AdminState, Connection, Service } from "../shared/control/snapshot.ts";
import type { Usage } from "./backend-entry.ts";
import { formatHostPort } from "./config/address.ts";
import type { ServiceConnectionFigures, ServiceFigures } from "./engine/service-messages.ts";
import { Rates } from "./monitor/rates.ts";

/** Between two samples of rates: reports that answer a message of ours come in between. */
const leastSpan: Millis = 500;

type ReportedColumns = Omit<
  Service,
  "name" | "listen" | "state" | "error" | "strategy" | "endpoints_up" | "endpoints_total" | "max_connections"
>;

/** What the data thread reported of one service last, with rates. */
export class ServiceBook {
  readonly #clock: Clock;
  readonly #rates = new Rates<"total" | number>();
  #figures: ServiceFigures | undefined;
  #connections: readonly ServiceConnectionFigures[] = [];
  #sampledAt: Millis = Number.NEGATIVE_INFINITY;
  /** The newest message of ours that the figures come after. */
  #seq = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  report(seq: number, figures: ServiceFigures, connections: readonly ServiceConnectionFigures[]): void {
    for (const { id } of this.#connections) if (!connections.some((one) => one.id === id)) this.#rates.forget(id);
    this.#figures = figures;
    this.#connections = connections;
    this.#seq = seq;
    const now = this.#clock.now();
    if (now - this.#sampledAt < leastSpan) return;
    this.#sampledAt = now;
    this.#rates.sample("total", now, figures.rx_bytes, figures.tx_bytes);
    for (const { id, rx_bytes, tx_bytes } of connections) this.#rates.sample(id, now, rx_bytes, tx_bytes);
  }

  /** Of an endpoint, whose admin state the data thread hears of with message `toldBy`. */
  usage(endpoint: string, toldBy: number): Usage {
    const reported = this.#figures?.endpoints[endpoint] ?? 0;
    // Until it has heard of a drain, a connection may be on its way there that no figure has.
    const connections = toldBy > this.#seq ? Math.max(1, reported) : reported;
    const bps = this.#connections
      .filter((one) => one.endpoint === endpoint)
      .map(({ id }) => this.#rates.get(id))
      .reduce((sum, { rx_bps, tx_bps }) => sum + rx_bps + tx_bps, 0);
    return { connections, bps, current: false };
  }

  columns(): ReportedColumns {
    return {
      connections: this.#figures?.connections ?? 0,
      waiting: this.#figures?.waiting ?? 0,
      warm: this.#figures?.warm ?? 0,
      accepted: this.#figures?.accepted ?? 0,
      refused: this.#figures?.refused ?? 0,
      retried: this.#figures?.retried ?? 0,
      failed: this.#figures?.failed ?? 0,
      rx_bytes: this.#figures?.rx_bytes ?? 0,
      tx_bytes: this.#figures?.tx_bytes ?? 0,
      ...this.#rates.get("total"),
    };
  }

  /** `admin` tells of the endpoints by their backends' names. */
  connections(admin: ReadonlyMap<string, AdminState>): Connection[] {
    return this.#connections.map((one) => {
      const backend = one.endpoint === undefined ? "" : `${one.service}/${one.endpoint}`;
      const active = admin.get(backend) === "drain" ? "draining" : "active";
      return {
        id: serviceConnectionId(one.id),
        kind: "service",
        identity: one.owner?.identity ?? "",
        session: one.owner?.session ?? "",
        backend,
        remote: formatHostPort({ host: one.address, port: one.port }),
        inner: [one.address],
        state: one.state === "active" ? active : "connecting",
        since_seconds: Math.round(one.age / 1000),
        rx_bytes: one.rx_bytes,
        tx_bytes: one.tx_bytes,
        ...this.#rates.get(one.id),
        rtt_ms: null,
        limited_by: limitedBy(one),
      };
    });
  }
}

/** Public id of a service's connection, as `ctl connections` shows it. */
export function serviceConnectionId(id: number): string {
  return `s${id}`;
}

function limitedBy({ limited, stalled }: ServiceConnectionFigures): Connection["limited_by"] {
  if (limited) return "bucket";
  return stalled ? "peer_window" : "nothing";
}

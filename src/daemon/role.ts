import type { Clock } from "../shared/clock.ts";
import type { Alert, Backend, Breaker, Connection, Service, Session } from "../shared/control/snapshot.ts";
import type { Settings } from "./config/settings.ts";
import type { ActionResult, BackendAction } from "./control/backend.ts";
import type { Engine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { LinkBook, LinkRecord } from "./pool/link-book.ts";
import type { SessionRefusal } from "./session/registry.ts";
import type { ClusterKey } from "./session/token.ts";
import type { OffloadFeatures } from "./tun/device.ts";
import type { HostNetwork } from "./tun/host.ts";

/** What a role is made of. */
export interface RoleParts {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly host: Pick<HostNetwork, "apply" | "repin">;
  readonly events: EventLog;
  readonly links: LinkBook;
  readonly features: OffloadFeatures;
  /** Our own, from the certificate. */
  readonly identity: string;
  /** Whether an operator shut the identity out. */
  denied(identity: string): boolean;
  /** What the monitor measured of a link. */
  figures(record: LinkRecord): { readonly rtt: number | undefined; readonly bps: number } | undefined;
}

/** What differs between a server and a client on the control plane. */
export interface Role {
  /** Whether traffic can flow. */
  readonly ready: boolean;
  /** Inner addresses of this end, as in `10.8.0.1`. */
  readonly inner: readonly string[];
  /** Peers with a good certificate that got no session, by reason; a client has none. */
  readonly sessionsRefused: ReadonlyMap<SessionRefusal, number>;
  start(): Promise<void>;
  /** Everything that the data thread says and that is not about single packets. */
  onEvent(event: Event): void;
  readonly sessionCount: number;
  /** All, or the first `most` of them. */
  sessions(most?: number): Session[];
  backends(): Backend[];
  breakers(): Breaker[];
  /** Published services, and the connections to them. */
  services(): Service[];
  serviceConnections(): Connection[];
  /** Server: how many connections are not links yet, and the rows of some of them. */
  arrivals(): { readonly count: number; readonly rows: Connection[] };
  /** Carries an operator's action out; undefined when it names no backend that there is. */
  act(action: BackendAction, options: { dryRun: boolean; acceptRisk: boolean }): ActionResult | undefined;
  /** A drain of this daemon is under way. */
  readonly draining: boolean;
  /** No new sessions from now on, and those that can are asked to move; resolves when nothing is left. */
  drain(): Promise<void>;
  alerts(): Alert[];
  /** Once a second: checks that are due, and what has come to its end. */
  checkHealth(): void;
  /** Then: the balancer's weights. */
  adjustWeights(): void;
  /** Then: what the breakers let through, and where the session belongs. */
  settleBreakers(): void;
  /** Closes a session, a service's connection or one that is no link yet, by its public id; undefined when there is none. */
  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined;
  /** Ends links whose certificate is no longer good; sessions that have no others end as well. */
  closeLinks(links: ReadonlySet<number>, text: string): void;
  /** Ends what an identity has that may no longer come in; the rules or the deny list changed. */
  withdraw(): void;
  /** Replaces each link by one on the newest certificates, the new one first. */
  rotate(options: { dryRun: boolean }): ActionResult;
  /** Takes the settings that a reload may change. */
  reload(settings: Settings): void;
  /** Seals and opens session tokens with these keys from now on. */
  useClusterKeys(keys: readonly ClusterKey[]): void;
  /** Links, addresses or routes of the host changed. */
  networkChanged(): Promise<void>;
  close(): Promise<void>;
}

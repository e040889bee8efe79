import type { Backend } from "../balance/eligible.ts";
import type { StrategyName } from "../balance/strategy.ts";
import type { Millis } from "../../shared/clock.ts";
import type { ProxyCounters } from "../service/proxy.ts";

/** An endpoint as the control plane judges it now; the data thread chooses among them. */
export interface PublishedEndpoint extends Pick<Backend, "admin" | "operational" | "weight" | "ramp"> {
  readonly name: string;
  /** An address, not a name. */
  readonly host: string;
  readonly port: number;
  /** Its breaker lets new connections through. */
  readonly admits: boolean;
  /** Peak estimate of its round trip; undefined before the first. */
  readonly rtt: Millis | undefined;
}

/** A service as it is to be now. */
export interface PublishedService {
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly strategy: StrategyName;
  readonly maxConnections: number;
  readonly connectTimeout: Millis;
  readonly warm: { readonly size: number; readonly idleTimeout: Millis; readonly sweepEvery: Millis };
  readonly endpoints: readonly PublishedEndpoint[];
}

export type ServiceCommand =
  /** All services that there are to be: those that are new begin to listen, those that are gone end with their connections. */
  | { readonly type: "publish"; readonly seq: number; readonly services: readonly PublishedService[] }
  /** Resets a connection. */
  | { readonly type: "service_kick"; readonly connection: number }
  /** Resets the connections on an endpoint. */
  | { readonly type: "service_cut"; readonly service: string; readonly endpoint: string };

/** One connect to an endpoint, or the early death of a connection. */
export interface ServiceCall {
  readonly endpoint: string;
  readonly took: Millis;
  /** Undefined: it went well. */
  readonly failure: string | undefined;
}

export interface ServiceFigures extends ProxyCounters {
  readonly name: string;
  /** Connections that have an endpoint. */
  readonly connections: number;
  /** Connections that wait for a place. */
  readonly waiting: number;
  readonly warm: number;
  /** Connections of each endpoint that has any. */
  readonly endpoints: Readonly<Record<string, number>>;
}

/** A client of the tunnel. */
export interface ServiceClient {
  readonly identity: string;
  /** Its public id. */
  readonly session: string;
}

export interface ServiceConnectionFigures {
  readonly id: number;
  readonly service: string;
  /** Undefined while it waits. */
  readonly endpoint: string | undefined;
  readonly state: "waiting" | "connecting" | "active";
  /** The client's. */
  readonly address: string;
  readonly port: number;
  /** Whose address that is now; undefined: no session's. */
  readonly owner: ServiceClient | undefined;
  readonly age: Millis;
  readonly rx_bytes: number;
  readonly tx_bytes: number;
  /** One side does not take what the other sends. */
  readonly stalled: boolean;
  /** It waits for its service's rate limit. */
  readonly limited: boolean;
}

export type ServiceEvent =
  /** `error` undefined: it listens. */
  | { readonly type: "service_listening"; readonly service: string; readonly error: string | undefined }
  /** In the order in which they ended. */
  | { readonly type: "service_calls"; readonly service: string; readonly calls: readonly ServiceCall[] }
  /** Once a second, and after each `publish`, whose number it has. */
  | {
      readonly type: "service_report";
      readonly seq: number;
      readonly services: readonly ServiceFigures[];
      /** The oldest ones, so many at most. */
      readonly connections: readonly ServiceConnectionFigures[];
    };

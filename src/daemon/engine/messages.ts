import type { Chunk } from "../capture/tap.ts";
import type { Arrivals } from "../link/arrival.ts";
import type { DialTarget } from "../link/dialer.ts";
import type { LimitChange, LimitRules } from "../limit/rules.ts";
import type { AdmissionRules } from "../link/admission.ts";
import type { LivenessRules } from "../link/liveness.ts";
import type { CloseReason, GoawayScope, Hello, Welcome } from "../link/messages.ts";
import type { WearLimits } from "../link/wear.ts";
import type { DestinationBytes } from "../metrics/traffic-sampler.ts";
import type { SessionSpec } from "../session/data-session.ts";
import type { StrategyName } from "../balance/strategy.ts";
import type { SpreadServer } from "./spread.ts";
import type { Team } from "./team.ts";
import type { TlsMaterial } from "../tls/material.ts";
import type { PeerCertificate } from "../tls/trust.ts";
import type { OffloadFeatures } from "../tun/device.ts";
import type { BufferRules } from "./packet-buffers.ts";
import type { ServiceCommand, ServiceEvent } from "./service-messages.ts";

/** What a data thread needs to begin; plain data and shared memory, so that it crosses to a worker. */
export interface DataThreadOptions {
  readonly mode: "server" | "client";
  readonly tun: { readonly fd: number; readonly name: string; readonly features: OffloadFeatures };
  /** MTU of this end. */
  readonly mtu: number;
  readonly material: TlsMaterial;
  readonly admission: AdmissionRules;
  readonly liveness: LivenessRules;
  readonly buffers: BufferRules;
  readonly wear: WearLimits;
  readonly keepAlive: boolean;
  readonly clientToClient: boolean;
  /** Server: others have the same prefix and may have the session of a destination. */
  readonly clustered: boolean;
  readonly counters: Float64Array<SharedArrayBuffer>;
  readonly linkSlots: Float64Array<SharedArrayBuffer>;
  /** Where the thread measures its event loop. */
  readonly loop: Float64Array<SharedArrayBuffer>;
  /** Whether a sample of the packets tells where the traffic goes. */
  readonly sampling: boolean;
  readonly limits: LimitRules;
  readonly bucketSlots: Float64Array<SharedArrayBuffer>;
  /** Undefined while this is the only data thread. */
  readonly team: Team | undefined;
  /** Bytes that may wait for all sessions together. */
  readonly queueBytes: number;
}

/** Figures of a bucket among those of a thread. */
export interface BucketPlace {
  readonly thread: number;
  readonly slot: number;
}

/** From the control plane to a data thread. */
export type Command =
  | { readonly type: "listen"; readonly host: string; readonly port: number }
  | { readonly type: "limits"; readonly rules: LimitRules }
  | { readonly type: "change_limits"; readonly changes: readonly LimitChange[] }
  | { readonly type: "renew"; readonly material: TlsMaterial }
  | {
      readonly type: "dial";
      /** Chosen by the control plane; unique among the links of this run. */
      readonly link: number;
      readonly target: DialTarget;
      readonly hello: Hello;
      /** Number of the server, where flows are spread over several; 0 otherwise. */
      readonly group: number;
      /** For everything up to WELCOME. */
      readonly timeoutMs: number;
    }
  /** A check: the handshake and nothing more; answered by `probed`. */
  | { readonly type: "probe"; readonly name: string; readonly target: DialTarget; readonly timeoutMs: number }
  | {
      readonly type: "admit";
      readonly link: number;
      readonly session: SessionSpec;
      readonly welcome: Welcome;
      readonly linkIndex: number;
      /** The session's other links end: it was taken over by this one. */
      readonly supersede: boolean;
    }
  /**
   * A session of which another thread gets a link: `threads` have links of it. Its links of that index end, or all of
   * them when it was taken over.
   */
  | {
      readonly type: "know";
      readonly session: SessionSpec;
      readonly threads: readonly number[];
      readonly linkIndex: number;
      readonly supersede: boolean;
    }
  /** Threads that have links of the session from now on. */
  | { readonly type: "holders"; readonly session: string; readonly threads: readonly number[] }
  /** `others` take from the bucket too, and its level is at `home`; undefined: this thread alone has it. */
  | {
      readonly type: "bucket_shared";
      readonly name: string;
      readonly home: BucketPlace | undefined;
      readonly others: readonly BucketPlace[];
    }
  | { readonly type: "refuse"; readonly link: number; readonly reason: CloseReason; readonly text: string }
  /** A newer WELCOME with a fresh token on an active link. */
  | { readonly type: "rewelcome"; readonly link: number; readonly welcome: Welcome }
  /** Newer rules and prefixes of a session, if it is there. */
  | { readonly type: "respec"; readonly session: SessionSpec }
  | { readonly type: "client_to_client"; readonly allowed: boolean }
  | {
      readonly type: "rules";
      readonly admission: AdmissionRules;
      readonly liveness: LivenessRules;
      readonly buffers: BufferRules;
    }
  /**
   * Client: nothing more is sent on the link. After `afterMs` the server is asked to do the same; it ends the link when
   * everything has arrived.
   */
  | { readonly type: "retire"; readonly link: number; readonly afterMs: number }
  /** Server: what PONG says about moving elsewhere. */
  | { readonly type: "draining"; readonly on: boolean }
  /** Takes copies of inner packets, of all sessions or of those whose id begins so; told by `captured`. */
  | { readonly type: "tap"; readonly on: { readonly session: string | undefined } | undefined }
  /** Client: new flows are spread over the servers that have links. */
  | { readonly type: "spread"; readonly strategy: StrategyName; readonly servers: readonly SpreadServer[] }
  /** Client: counts flows that move data, or stops counting. */
  | { readonly type: "watch_demand"; readonly on: boolean }
  | { readonly type: "close"; readonly link: number; readonly reason: CloseReason; readonly text: string }
  | { readonly type: "close_session"; readonly session: string; readonly reason: CloseReason; readonly text: string }
  /** `link` undefined: every active one. */
  | {
      readonly type: "goaway";
      readonly link: number | undefined;
      readonly scope: GoawayScope;
      readonly reason: string;
    }
  | ServiceCommand
  /** Ends every link and the listener; answered by `stopped`. */
  | { readonly type: "stop"; readonly reason: CloseReason };

/** How long the steps of a link took so far, in milliseconds. */
export interface LinkTimes {
  /** From the TCP connection to the peer's identity. */
  readonly authenticate: number;
  /** From there to HELLO (server) or WELCOME (client). */
  readonly configure: number;
}

/** From a data thread to the control plane. */
export type Event =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "listen_failed"; readonly code: string; readonly message: string }
  | { readonly type: "refused"; readonly remote: string; readonly reason: string; readonly text: string }
  /** Server, while there are any: connections that are no links of a session yet. */
  | ({ readonly type: "arriving" } & Arrivals)
  | {
      readonly type: "hello";
      readonly link: number;
      readonly slot: number;
      readonly remote: string;
      readonly identity: string;
      readonly certificate: PeerCertificate;
      readonly took: LinkTimes;
      readonly hello: Hello;
    }
  /** `reason` undefined: the server answered. */
  | { readonly type: "probed"; readonly name: string; readonly reason: string | undefined; readonly text: string }
  /** Client: TCP is connected, TLS begins. */
  | { readonly type: "connected"; readonly link: number }
  | { readonly type: "dial_failed"; readonly link: number; readonly reason: string; readonly text: string }
  /** `local` is our own outer address. */
  | {
      readonly type: "secured";
      readonly link: number;
      readonly remote: string;
      readonly local: string;
      readonly certificate: PeerCertificate;
    }
  | {
      readonly type: "welcome";
      readonly link: number;
      readonly slot: number;
      readonly remote: string;
      readonly took: LinkTimes;
      readonly welcome: Welcome;
    }
  | { readonly type: "closed"; readonly link: number; readonly reason: string; readonly text: string }
  | { readonly type: "goaway"; readonly link: number; readonly scope: GoawayScope; readonly reason: string }
  /** Client: a link has carried as much as it may. */
  | { readonly type: "worn"; readonly link: number }
  /** Client: what a server says about itself. `load` in percent. */
  | {
      readonly type: "pong";
      readonly link: number;
      readonly load: number;
      readonly sessions: number;
      readonly draining: boolean;
    }
  /** Client, once a second while it is watched: flows that moved data. */
  | { readonly type: "demand"; readonly flows: number }
  /** A bucket's figures are at this slot from now on. */
  | { readonly type: "bucket"; readonly name: string; readonly slot: number }
  | { readonly type: "bucket_gone"; readonly name: string; readonly slot: number }
  | { readonly type: "spoofed"; readonly session: string; readonly identity: string }
  /** Its rules refuse what it sends; `destination` as in `10.20.0.1 tcp 443`. */
  | { readonly type: "acl_refused"; readonly session: string; readonly identity: string; readonly destination: string }
  | ServiceEvent
  /** Once a second while there is traffic. */
  | { readonly type: "sampled"; readonly destinations: readonly DestinationBytes[] }
  | ({ readonly type: "captured" } & Chunk)
  | { readonly type: "tun_down" }
  | { readonly type: "stopped" };

/** What a data thread tells in one message: all that happened in a turn of its event loop, in order. */
export type Events = Event[];

/** Asked by the control plane; a data thread whose event loop turns sends it back. */
export interface Heartbeat {
  readonly type: "heartbeat";
}

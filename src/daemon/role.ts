import type { Alert, Session } from "../shared/control/snapshot.ts";
import type { Settings } from "./config/settings.ts";
import type { ActionResult } from "./control/backend.ts";
import type { Event } from "./engine/messages.ts";

/** What differs between a server and a client on the control plane. */
export interface Role {
  /** Whether traffic can flow. */
  readonly ready: boolean;
  /** Inner addresses of this end, as in `10.8.0.1`. */
  readonly inner: readonly string[];
  start(): Promise<void>;
  /** Everything that the data thread says and that is not about single packets. */
  onEvent(event: Event): void;
  sessions(): Session[];
  alerts(): Alert[];
  /** Once a second. */
  tick(): void;
  /** Closes a session by its public id; undefined when there is none. */
  kickSession(id: string, reason: string, dryRun: boolean): ActionResult | undefined;
  /** Takes the settings that a reload may change. */
  reload(settings: Settings): void;
  /** Links, addresses or routes of the host changed. */
  networkChanged(): Promise<void>;
  close(): Promise<void>;
}

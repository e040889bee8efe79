import type { Clock } from "../shared/clock.ts";
import type { Alert } from "../shared/control/snapshot.ts";
import { describeError } from "../shared/errors.ts";
import type { ControlSettings } from "./config/settings.ts";
import type { ControlBackend } from "./control/backend.ts";
import { type ControlServer, startControlServer } from "./control/server.ts";
import { readTokens } from "./control/tokens.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { peerCredentials } from "./sys/credentials.ts";

/** Where operators reach the daemon: the socket, and TCP if the settings say so. */
export class ControlChannel implements AsyncDisposable {
  readonly #parts: { readonly clock: Clock; readonly events: EventLog };
  #server: ControlServer | undefined;
  #tcpError: string | undefined;

  constructor(parts: { clock: Clock; events: EventLog }) {
    this.#parts = parts;
  }

  /** Errors: those of startControlServer. */
  async open({ socket, group, operators, tcp }: ControlSettings, backend: ControlBackend): Promise<void> {
    const { clock, events } = this.#parts;
    const refused = (remote: string, reason: string): void => {
      events.add("warning", "control_refused", `${remote}: ${reason}`, { remote, reason });
    };
    const server = await startControlServer(
      { backend, clock, credentials: peerCredentials, refused },
      { socketPath: socket, group: group ?? "", operators },
    );
    this.#server = server;
    await this.#openTcp(server, tcp);
  }

  alerts(): Alert[] {
    if (this.#tcpError === undefined) return [];
    return [{ code: "control_tcp_unavailable", severity: "warning", message: this.#tcpError }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  /** The socket works without it, so a failure is told and not fatal. */
  async #openTcp(server: ControlServer, { listen, token_file: file }: ControlSettings["tcp"]): Promise<void> {
    if (listen === undefined || file === undefined) return;
    try {
      await server.listenTcp(listen, () => readTokens(file));
    } catch (error) {
      this.#tcpError = describeError(error);
      this.#parts.events.add("warning", "control_tcp_unavailable", this.#tcpError);
    }
  }
}

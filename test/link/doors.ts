import type { ConnectionOptions, TLSSocket } from "node:tls";
import { identityOf } from "../../src/daemon/access/identity.ts";
import { Acceptor } from "../../src/daemon/link/acceptor.ts";
import type { AdmissionRules } from "../../src/daemon/link/admission.ts";
import { dial, type DialOutcome, type DialTarget } from "../../src/daemon/link/dialer.ts";
import type { Authentication } from "../../src/daemon/link/peer.ts";
import { clientTlsOptions, serverTlsOptions } from "../../src/daemon/tls/options.ts";
import { checkPeer } from "../../src/daemon/tls/peer.ts";
import { refusalReason } from "../../src/daemon/tls/refusal.ts";
import { FakeClock } from "../fakes/clock.ts";
import type { Credentials } from "./wire.ts";

export function authentication(peerRole: "server" | "client"): Authentication {
  return {
    peer(socket) {
      const peer = checkPeer(socket, peerRole);
      return peer.kind === "refused" ? peer : identityOf(peer.certificate);
    },
    reasonOf: refusalReason,
  };
}

export const generous: AdmissionRules = { pending: 256, perSource: { pending: 100, rate: 1000, burst: 1000 } };

/** An acceptor on the loopback interface and what it reported. */
export class Door implements Disposable {
  readonly clock = new FakeClock({ now: 1000 });
  readonly secured: { identity: string; remote: string; socket: TLSSocket; number: number }[] = [];
  readonly refused: { remote: string; reason: string; text: string }[] = [];
  readonly acceptor: Acceptor;
  #numbered = 0;
  port = 0;

  constructor(credentials: Credentials, rules: AdmissionRules = generous, handshakeTimeout = 10_000) {
    this.acceptor = new Acceptor({
      tls: serverTlsOptions(credentials.server),
      rules,
      keepAlive: true,
      authentication: authentication("client"),
      clock: this.clock,
      number: () => ++this.#numbered,
      handshakeTimeout,
      handlers: {
        secured: (socket, identity, remote, _took, number) =>
          void this.secured.push({ identity, remote, socket, number }),
        refused: (remote, reason, text) => void this.refused.push({ remote, reason, text }),
      },
    });
  }

  async open(host = "127.0.0.1"): Promise<this> {
    this.port = await this.acceptor.listen(host, 0);
    return this;
  }

  get reasons(): string[] {
    return this.refused.map(({ reason }) => reason);
  }

  [Symbol.dispose](): void {
    this.acceptor.close();
    for (const { socket } of this.secured) socket.destroy();
  }
}

/** Dials an end on the loopback interface. */
export function dialTo(
  port: number,
  credentials: Credentials,
  changes: { target?: Partial<DialTarget>; tls?: ConnectionOptions; timeout?: number; signal?: AbortSignal } = {},
): Promise<DialOutcome> {
  const target = { host: "127.0.0.1", port, identity: "edge-01", serverName: undefined, ...changes.target };
  return dial(target, {
    tls: { ...clientTlsOptions(credentials.client, target.serverName), ...changes.tls },
    timeout: changes.timeout ?? 5000,
    keepAlive: true,
    authentication: authentication("server"),
    signal: changes.signal ?? new AbortController().signal,
  });
}

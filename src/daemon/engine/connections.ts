import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { systemClock } from "../../shared/clock.ts";
import { identityOf } from "../access/identity.ts";
import { Acceptor } from "../link/acceptor.ts";
import type { AdmissionRules } from "../link/admission.ts";
import { dial, type DialTarget } from "../link/dialer.ts";
import { frameType } from "../link/frame.ts";
import { encodeHello } from "../link/messages.ts";
import type { LoopLook } from "../link/handshake-budget.ts";
import type { Authentication } from "../link/peer.ts";
import type { TlsMaterial } from "../tls/material.ts";
import { clientTlsOptions, serverTlsOptions } from "../tls/options.ts";
import { checkPeer } from "../tls/peer.ts";
import { refusalReason } from "../tls/refusal.ts";
import { authoritiesOf, type PeerCertificate, peerCertificate } from "../tls/trust.ts";
import { ArrivalWatch } from "./arrival-watch.ts";
import type { LinkTable } from "./link-table.ts";
import type { Command, DataThreadOptions, Event } from "./messages.ts";
import { admissionShare } from "./team.ts";

/** HELLO must follow the handshake within this. */
const helloDeadline = 3000;

interface ConnectionsParts {
  readonly options: Pick<DataThreadOptions, "material" | "admission" | "keepAlive" | "team">;
  readonly links: LinkTable;
  /** The thread ends: what is being dialled is given up. */
  readonly stopped: AbortSignal;
  readonly emit: (event: Event) => void;
}

/** Links come up here: accepted or dialled, with their handshake. */
export class Connections {
  readonly #parts: ConnectionsParts;
  #material: TlsMaterial;
  #authorities: readonly X509Certificate[];
  #acceptor: Acceptor | undefined;
  readonly #arrivals: ArrivalWatch;
  #nextLink: number;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
    this.#arrivals = new ArrivalWatch(parts.links, (arrivals) => parts.emit({ type: "arriving", ...arrivals }));
    this.#material = parts.options.material;
    this.#authorities = authoritiesOf(this.#material);
    this.#nextLink = 1 + (parts.options.team?.index ?? 0);
  }

  /** From now on handshakes are made with this. */
  renew(material: TlsMaterial): void {
    this.#material = material;
    this.#authorities = authoritiesOf(material);
    this.#acceptor?.renew(serverTlsOptions(material));
  }

  limit(rules: AdmissionRules): void {
    this.#acceptor?.limit(this.#share(rules));
  }

  listen(host: string, port: number): void {
    const { options, links, emit } = this.#parts;
    const acceptor = new Acceptor({
      tls: serverTlsOptions(this.#material),
      rules: this.#share(options.admission),
      keepAlive: options.keepAlive,
      number: () => this.#takeNumber(),
      clock: systemClock,
      authentication: authentication("client"),
      handlers: {
        refused: (remote, reason, text) => emit({ type: "refused", remote, reason, text }),
        secured: (socket, identity, remote, authenticateMs, link) => {
          const certificate = this.#certificateOf(socket);
          this.#arrivals.secured(
            links.open(link, { socket, identity, remote, authenticateMs, certificate }, helloDeadline),
          );
        },
      },
    });
    this.#acceptor = acceptor;
    const { team } = options;
    const how = team === undefined ? "alone" : team.index === 0 ? "first" : "beside";
    acceptor.listen(host, port, how).then(
      (bound) => emit({ type: "listening", port: bound }),
      (error: NodeJS.ErrnoException) => emit({ type: "listen_failed", code: error.code ?? "", message: error.message }),
    );
  }

  async dial({ link: id, target, hello, group, timeoutMs }: Extract<Command, { type: "dial" }>): Promise<void> {
    const { links, emit, stopped } = this.#parts;
    const begun = performance.now();
    const outcome = await this.#connect(target, timeoutMs, () => emit({ type: "connected", link: id }));
    if (outcome.kind === "failed") {
      return emit({ type: "dial_failed", link: id, reason: outcome.reason, text: outcome.text });
    }
    const { socket, remote, local, authenticateMs } = outcome;
    if (stopped.aborted) return void socket.destroy();
    const rest = Math.max(1, timeoutMs - (performance.now() - begun));
    const certificate = this.#certificateOf(socket);
    const held = links.open(id, { socket, identity: target.identity, remote, authenticateMs, certificate }, rest);
    if (held === undefined) {
      const text = "core.max_connections links are open";
      return emit({ type: "dial_failed", link: id, reason: "server_full", text });
    }
    held.offersCompression = hello.capabilities.zstd;
    held.named = hello.session;
    held.link.index = hello.linkIndex;
    held.link.group = group;
    held.link.control(frameType.hello, encodeHello(hello));
    emit({ type: "secured", link: id, remote, local, certificate });
  }

  /** A check: the handshake and nothing more. */
  async probe({ name, target, timeoutMs }: Extract<Command, { type: "probe" }>): Promise<void> {
    const outcome = await this.#connect(target, timeoutMs);
    if (outcome.kind === "secured") outcome.socket.destroySoon();
    const reason = outcome.kind === "failed" ? outcome.reason : undefined;
    this.#parts.emit({ type: "probed", name, reason, text: outcome.kind === "failed" ? outcome.text : "" });
  }

  /** Closes a connection that was accepted and is no link yet. */
  cut(link: number): void {
    this.#acceptor?.cut(link);
  }

  tick(look: LoopLook): void {
    if (this.#acceptor === undefined) return;
    this.#acceptor.tick(look);
    this.#arrivals.tick(this.#acceptor);
  }

  close(): void {
    this.#acceptor?.close();
  }

  /** Numbers of links that say their thread. */
  #takeNumber(): number {
    const number = this.#nextLink;
    this.#nextLink += this.#parts.options.team?.count ?? 1;
    return number;
  }

  #share(rules: AdmissionRules): AdmissionRules {
    const { team } = this.#parts.options;
    return team === undefined ? rules : admissionShare(rules, team.count);
  }

  #connect(target: DialTarget, timeout: number, connected?: () => void): ReturnType<typeof dial> {
    return dial(target, {
      tls: clientTlsOptions(this.#material, target.serverName),
      timeout,
      keepAlive: this.#parts.options.keepAlive,
      authentication: authentication("server"),
      connected,
      signal: this.#parts.stopped,
    });
  }

  #certificateOf(socket: TLSSocket): PeerCertificate {
    const certificate = socket.getPeerX509Certificate();
    // The connection may have ended; whatever it still says is not listened to.
    if (certificate === undefined) return { serial: "", issuer: "", notAfterMs: 0 };
    return peerCertificate(certificate, this.#authorities);
  }
}

function authentication(peerRole: "server" | "client"): Authentication {
  return {
    peer(socket) {
      const peer = checkPeer(socket, peerRole);
      return peer.kind === "refused" ? peer : identityOf(peer.certificate);
    },
    reasonOf: refusalReason,
  };
}

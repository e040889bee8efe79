import type { X509Certificate } from "node:crypto";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Millis } from "../../shared/clock.ts";
import { alpn, type Identified } from "./peer.ts";

export interface DialTarget {
  /** An address, not a name. */
  readonly host: string;
  readonly port: number;
  /** Identity that the server's certificate must have. */
  readonly identity: string;
  /** Server name indication; none without. */
  readonly serverName: string | undefined;
}

export type DialOutcome =
  | { readonly kind: "secured"; readonly socket: TLSSocket; readonly remote: string }
  | { readonly kind: "failed"; readonly reason: string; readonly text: string };

/**
 * Connects, carries out the TLS handshake and checks the server's identity. The outcome "secured" does not mean that
 * the server accepts us: in TLS 1.3 it judges our certificate later, so only WELCOME makes a link.
 */
export function dial(
  target: DialTarget,
  parts: {
    tls: ConnectionOptions;
    timeout: Millis;
    keepAlive: boolean;
    identify: (certificate: X509Certificate) => Identified;
    reasonOf: (error: unknown) => string;
  },
): Promise<DialOutcome> {
  return new Promise((resolve) => {
    const socket = connect({
      ...parts.tls,
      host: target.host,
      port: target.port,
      noDelay: true,
      keepAlive: parts.keepAlive,
      ...(target.serverName === undefined ? {} : { servername: target.serverName }),
      // The identity is the URI name, checked below; there is no host name in a private certificate.
      checkServerIdentity: () => undefined,
    });
    const finish = (outcome: DialOutcome): void => {
      clearTimeout(timer);
      socket.off("error", onError);
      // Later errors belong to the link, or to nobody when the connection was refused.
      if (outcome.kind === "failed") {
        socket.on("error", () => {});
        socket.destroy();
      }
      resolve(outcome);
    };
    const fail = (reason: string, text: string): void => finish({ kind: "failed", reason, text });
    const onError = (error: Error): void => fail(parts.reasonOf(error), error.message);
    const timer = setTimeout(() => fail("timeout", `no TLS connection within ${parts.timeout} ms`), parts.timeout);
    socket.on("error", onError);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      const identified: Identified =
        certificate === undefined ? { kind: "refused", reason: "no_certificate" } : parts.identify(certificate);
      if (identified.kind === "refused") return fail(identified.reason, "the server's certificate has no usable identity");
      if (identified.name !== target.identity) {
        return fail("wrong_identity", `the server is ${identified.name}, expected ${target.identity}`);
      }
      if (socket.alpnProtocol !== alpn) return fail("alpn", "the server does not speak the link protocol");
      finish({ kind: "secured", socket, remote: `${target.host}:${target.port}` });
    });
  });
}

import type { TLSSocket } from "node:tls";

/** Who the other end of a connection proved to be. */
export type Identified =
  | { readonly kind: "identity"; readonly name: string }
  | { readonly kind: "refused"; readonly reason: string };

/** What the link's ends ask about a TLS connection; the wiring provides it. */
export interface Authentication {
  /** Everything that must hold of a connection whose handshake is done, and who it speaks for. */
  peer(socket: TLSSocket): Identified;
  /** Stable reason behind an error of a handshake. */
  reasonOf(error: unknown, authorizationError?: unknown): string;
}

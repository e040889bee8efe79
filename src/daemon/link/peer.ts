/** The application protocol of a link (RFC 7301); a connection without it is closed. */
export const alpn = "sssonector/1";

/** Who a certificate speaks for. */
export type Identified =
  | { readonly kind: "identity"; readonly name: string }
  | { readonly kind: "refused"; readonly reason: string };

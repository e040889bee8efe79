import { constants } from "node:crypto";
import { checkServerIdentity, type ConnectionOptions, type TlsOptions } from "node:tls";
import type { TlsMaterial } from "./material.ts";
import { pemBlocks } from "./pem.ts";

/** The only application protocol; a peer without it is closed (see `checkPeer`). */
export const alpnProtocol = "sssonector/1";

/** TLS 1.3's suites, then for `min_version: "1.2"` those with ephemeral keys and authenticated encryption. */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/**
 * Options for `tls.createServer` and `server.setSecureContext`. Nothing resumes: no tickets, and no listener on
 * `resumeSession`, so that a session id is never found. The acceptor calls `checkPeer` on each connection.
 */
export function serverTlsOptions(material: TlsMaterial): TlsOptions {
  return { ...commonOptions(material), requestCert: true, honorCipherOrder: true };
}

/**
 * Options for `tls.connect`, to which the dialer adds the socket or address. With a server name it is sent and checked
 * against the certificate as well; without one the identity, which the link checks, is all that counts.
 */
export function clientTlsOptions(material: TlsMaterial, serverName?: string): ConnectionOptions {
  const named = {
    servername: serverName ?? "",
    checkServerIdentity: serverName === undefined ? noHostName : checkServerIdentity,
  };
  return { ...commonOptions(material), ...named };
}

type CommonOptions = Pick<
  TlsOptions & ConnectionOptions,
  | "cert"
  | "key"
  | "ca"
  | "crl"
  | "minVersion"
  | "maxVersion"
  | "ciphers"
  | "ecdhCurve"
  | "secureOptions"
  | "rejectUnauthorized"
  | "ALPNProtocols"
>;

function commonOptions(material: TlsMaterial): CommonOptions {
  return {
    cert: material.cert,
    key: material.key,
    ca: pemBlocks(material.ca, "CERTIFICATE").map(({ text }) => text),
    // Node reads one list per string.
    ...(material.crl === undefined ? {} : { crl: pemBlocks(material.crl, "X509 CRL").map(({ text }) => text) }),
    minVersion: material.minVersion === "1.2" ? "TLSv1.2" : "TLSv1.3",
    maxVersion: "TLSv1.3",
    ciphers,
    ecdhCurve: "X25519:P-256:P-384",
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    rejectUnauthorized: true,
    ALPNProtocols: [alpnProtocol],
  };
}

function noHostName(): undefined {
  return undefined;
}

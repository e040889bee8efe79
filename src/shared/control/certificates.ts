/** What `certificates` answers. Times are milliseconds since the Unix epoch, days are whole and below 0 when it is over. */
export interface CertificateReport {
  /** Own certificate, CAs and revocation lists. */
  own: CertificateRow[];
  /** Certificates of peers whose links are up: at most 100, those that end first. */
  peers: PeerCertificateRow[];
  /** How many there are in all. */
  peers_total: number;
  /** Identities that an operator shut out: at most 1,000, the newest last. */
  denied: DeniedRow[];
}

export interface CertificateRow {
  kind: "certificate" | "ca" | "crl";
  /** Of a list: its signer's. */
  subject: string;
  /** Null when it names none. */
  identity: string | null;
  /** In hex; null for a list. */
  serial: string | null;
  not_before_ms: number;
  not_after_ms: number;
  days_left: number;
  /** The path, or `security.tls.KEY` for PEM that stands in the config. */
  file: string;
  /** SHA-256 of the DER form, in hex. */
  fingerprint: string;
}

export interface PeerCertificateRow {
  identity: string;
  /** In hex. */
  serial: string;
  not_after_ms: number;
  days_left: number;
  /** Links that are up with it. */
  links: number;
}

export interface DeniedRow {
  identity: string;
  since_ms: number;
}

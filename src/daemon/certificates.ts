import type { Clock } from "../shared/clock.ts";
import type { CertificateRow, PeerCertificateRow } from "../shared/control/certificates.ts";
import type { Alert } from "../shared/control/snapshot.ts";
import type { EventLog } from "./monitor/event-log.ts";
import { ExpiryWatch, expiryWarning } from "./tls/expiry.ts";
import type { TlsMaterial, TlsSet } from "./tls/material.ts";
import type { OwnCertificate } from "./tls/own-certificates.ts";
import type { Distrust, PeerCertificate } from "./tls/trust.ts";

const dayMs = 24 * 3600 * 1000;
/** Rows of `ctl certificates` about peers: those that end first. */
const mostPeers = 100;

export interface Distrusted {
  readonly link: number;
  readonly identity: string;
  readonly reason: Distrust;
}

/** Our certificates and those of the peers whose links are up. */
export class Certificates {
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #expiry = new ExpiryWatch();
  readonly #peers = new Map<number, { readonly identity: string; readonly certificate: PeerCertificate }>();
  #set: TlsSet;

  constructor(set: TlsSet, parts: { clock: Clock; events: EventLog }) {
    this.#set = set;
    this.#clock = parts.clock;
    this.#events = parts.events;
  }

  get material(): TlsMaterial {
    return this.#set.material;
  }

  /** From now on this set counts, for links that are up as well (see `distrusted`). */
  replace(set: TlsSet): void {
    this.#set = set;
  }

  /** Keeps the certificate of a link that has just come up, unless it is no longer good by now. */
  meet(link: number, identity: string, certificate: PeerCertificate): Distrust | undefined {
    const reason = this.#set.trust.judge(certificate, this.#clock.wall());
    if (reason === undefined) this.#peers.set(link, { identity, certificate });
    return reason;
  }

  forget(link: number): void {
    this.#peers.delete(link);
  }

  /** Takes the links out whose certificate is no longer good; they are to be closed. */
  distrusted(): Distrusted[] {
    const wall = this.#clock.wall();
    const found: Distrusted[] = [];
    for (const [link, { identity, certificate }] of this.#peers) {
      const reason = this.#set.trust.judge(certificate, wall);
      if (reason === undefined) continue;
      this.#peers.delete(link);
      found.push({ link, identity, reason });
    }
    return found;
  }

  /** Seconds until the first of this kind ends, below 0 when it is over; null without any. */
  expiresSeconds(kind: OwnCertificate["kind"]): number | null {
    const ends = this.#set.own.filter((one) => one.kind === kind).map(({ notAfterMs }) => notAfterMs);
    return ends.length === 0 ? null : Math.round((Math.min(...ends) - this.#clock.wall()) / 1000);
  }

  /** Tells the warnings whose time has come; called about once a second. */
  tick(): void {
    for (const { certificate, severity, message } of this.#expiry.due(this.#set.own, this.#clock.wall())) {
      const { file } = certificate;
      if (severity === "critical") this.#events.add(severity, "certificate_expires_soon", message, { file });
      else this.#events.add(severity, "certificate_expires", message, { file });
    }
  }

  alerts(): Alert[] {
    const wall = this.#clock.wall();
    const warnings = this.#set.own.flatMap((one) => expiryWarning(one, wall) ?? []);
    return warnings
      .map(({ severity, message }) => ({ code: "certificate_expires", severity, message }))
      .toSorted((a, b) => a.severity.localeCompare(b.severity));
  }

  own(): CertificateRow[] {
    return this.#set.own.map(({ notBeforeMs, notAfterMs, ...row }) => ({
      ...row,
      not_before_ms: notBeforeMs,
      not_after_ms: notAfterMs,
      days_left: this.#daysLeft(notAfterMs),
    }));
  }

  /** The number of different certificates that peers have, and those that end first. */
  peers(): { total: number; rows: PeerCertificateRow[] } {
    const rows = new Map<string, PeerCertificateRow>();
    for (const { identity, certificate } of this.#peers.values()) {
      const key = `${certificate.issuer} ${certificate.serial}`;
      const links = (rows.get(key)?.links ?? 0) + 1;
      const { notAfterMs } = certificate;
      const serial = certificate.serial.toLowerCase();
      rows.set(key, { identity, serial, not_after_ms: notAfterMs, days_left: this.#daysLeft(notAfterMs), links });
    }
    const byEnd = [...rows.values()].toSorted((a, b) => a.not_after_ms - b.not_after_ms);
    return { total: byEnd.length, rows: byEnd.slice(0, mostPeers) };
  }

  #daysLeft(notAfterMs: number): number {
    return Math.floor((notAfterMs - this.#clock.wall()) / dayMs);
  }
}

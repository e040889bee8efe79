import type { OwnCertificate } from "./own-certificates.ts";

const day = 24 * 3600 * 1000;
/** Days before the end at which a warning is given, the last first. */
const warningDays = [3, 14, 30] as const;

/** How near the end is: the days of the warning that holds, 0 when it is over. */
export type Nearness = 0 | (typeof warningDays)[number];

export interface ExpiryWarning {
  readonly certificate: OwnCertificate;
  readonly nearness: Nearness;
  readonly severity: "warning" | "critical";
  readonly message: string;
}

/**
 * The warning that holds for one of our certificates or lists. A warning counts only in the second half of a lifetime: a
 * list that is signed anew each week is not warned of at all times.
 */
export function expiryWarning(certificate: OwnCertificate, wallMs: number): ExpiryWarning | undefined {
  const { notBeforeMs, notAfterMs } = certificate;
  const left = notAfterMs - wallMs;
  const lifetime = notAfterMs - notBeforeMs;
  const nearness = left <= 0 ? 0 : warningDays.find((days) => left <= days * day && 2 * days * day <= lifetime);
  if (nearness === undefined) return undefined;
  const when = left <= 0 ? "has expired" : `expires in ${Math.ceil(left / day)} days`;
  return {
    certificate,
    nearness,
    severity: nearness <= 3 ? "critical" : "warning",
    message: `${names[certificate.kind]} ${certificate.file} ${when} (${new Date(notAfterMs).toISOString()})`,
  };
}

const names: Readonly<Record<OwnCertificate["kind"], string>> = {
  certificate: "own certificate",
  ca: "CA",
  crl: "revocation list",
};

/** Tells each warning once, as its time comes. */
export class ExpiryWatch {
  /** The last warning that was told, by fingerprint. */
  #told = new Map<string, Nearness>();

  /** Warnings that were not told of these certificates yet. */
  due(own: readonly OwnCertificate[], wallMs: number): ExpiryWarning[] {
    const told = new Map<string, Nearness>();
    const due: ExpiryWarning[] = [];
    for (const certificate of own) {
      const warning = expiryWarning(certificate, wallMs);
      if (warning === undefined) continue;
      told.set(certificate.fingerprint, warning.nearness);
      if (this.#told.get(certificate.fingerprint) !== warning.nearness) due.push(warning);
    }
    this.#told = told;
    return due;
  }
}

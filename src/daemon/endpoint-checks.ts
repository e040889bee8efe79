import type { Clock, Millis } from "../shared/clock.ts";
import { formatHostPort } from "./config/address.ts";
import type { ServiceSettings } from "./config/settings.ts";
import { check } from "./service/check.ts";
import { isLocalFault } from "./service/connect.ts";
import type { Names } from "./service/names.ts";

/** Round trips below this differ by how busy this process is, not by how good the endpoint is. */
const shortestTrip: Millis = 1;

export interface EndpointChecksParts {
  readonly clock: Clock;
  readonly names: Names;
  /** For one check; a reload may change it. */
  timeout(): Millis;
  probed(backend: string, outcome: "ok" | "local" | "remote", cause: string): void;
  measured(backend: string, roundTrip: Millis): void;
}

/** Checks of a service's endpoints, and what their round trips are. */
export class EndpointChecks {
  readonly #parts: EndpointChecksParts;
  readonly #underWay = new Set<() => void>();
  /** Endpoints that were measured: the first time tells only how cold both ends are. */
  readonly #measuredOnce = new Set<string>();

  constructor(parts: EndpointChecksParts) {
    this.#parts = parts;
  }

  /** Checks one endpoint once. */
  check(backend: string, { host, port }: { host: string; port: number }, settings: ServiceSettings["health"]): void {
    const { clock, names } = this.#parts;
    const address = names.addressOf(host);
    if (address === undefined) return this.#parts.probed(backend, "remote", "unresolved");
    const begun = clock.now();
    const target = { host: address, port, name: formatHostPort({ host, port }) };
    const giveUp = check(target, settings, this.#parts.timeout(), (reason) => {
      this.#underWay.delete(giveUp);
      if (reason === undefined) this.took(backend, clock.now() - begun);
      const failure = reason !== undefined && isLocalFault(reason) ? "local" : "remote";
      this.#parts.probed(backend, reason === undefined ? "ok" : failure, reason ?? "");
    });
    this.#underWay.add(giveUp);
  }

  /** So long took a check that went well, or a connect that says as much. */
  took(backend: string, took: Millis): void {
    if (this.#measuredOnce.has(backend)) this.#parts.measured(backend, Math.max(shortestTrip, took));
    else this.#measuredOnce.add(backend);
  }

  stop(): void {
    for (const giveUp of this.#underWay) giveUp();
    this.#underWay.clear();
  }
}

import type { Clock } from "../shared/clock.ts";
import type { Bucket } from "../shared/control/snapshot.ts";
import { formatBurst, formatDuration, formatRate } from "../shared/units.ts";
import type { ActionResult, RateChange } from "./control/backend.ts";
import { isServer, type ServerSettings, type Settings } from "./config/settings.ts";
import type { Engine } from "./engine/engine.ts";
import type { Event } from "./engine/messages.ts";
import { adjustRules, limitRules } from "./limit-settings.ts";
import { type BucketFigures, LimitBook, type Owners } from "./limit/book.ts";
import { type Limit, limitOf } from "./limit/limit.ts";
import { type BucketField, bucketField } from "./metrics/bucket-slots.ts";
import type { EventLog } from "./monitor/event-log.ts";
import type { Role } from "./role.ts";

/** Who is connected. */
type Connected = Pick<Role, "sessionCount" | "sessions">;

/** Rate limits on the control plane: from the settings and operators down to the data thread, figures back up. */
export class RateLimits {
  readonly #engine: Pick<Engine, "send">;
  readonly #events: EventLog;
  readonly #values: Float64Array;
  readonly #connected: Connected;
  /** Of each bucket, one for each data thread that has it. */
  readonly #slots = new Map<string, Set<number>>();
  readonly #book: LimitBook;
  #settings: Settings;

  constructor(parts: {
    clock: Clock;
    engine: Pick<Engine, "send">;
    events: EventLog;
    settings: Settings;
    /** Figures of the buckets. */
    values: Float64Array;
    connected: Connected;
  }) {
    this.#engine = parts.engine;
    this.#events = parts.events;
    this.#settings = parts.settings;
    this.#values = parts.values;
    this.#connected = parts.connected;
    this.#book = new LimitBook({
      clock: parts.clock,
      rules: limitRules(parts.settings),
      measured: () => this.#slots.keys(),
      figures: (name) => this.#figures(name),
      configured: (rules) => this.#engine.send({ type: "limits", rules }),
      changed: (changes) => this.#engine.send({ type: "change_limits", changes }),
      expired: (name) => {
        const message = `${name}: an operator's limit has ended, ${this.#inWords(name)} again`;
        this.#events.add("info", "rate_expired", message, { bucket: name });
      },
    });
  }

  onEvent(event: Event): void {
    if (event.type === "bucket") {
      const slots = this.#slots.get(event.name);
      if (slots === undefined) this.#slots.set(event.name, new Set([event.slot]));
      else slots.add(event.slot);
    }
    if (event.type === "bucket_gone") {
      const slots = this.#slots.get(event.name);
      slots?.delete(event.slot);
      if (slots?.size === 0) this.#slots.delete(event.name);
    }
  }

  /** Takes the settings of a reload. */
  apply(settings: Settings): void {
    this.#settings = settings;
    this.#book.configure(limitRules(settings));
  }

  /** Once a second; `slow` says of each session whether its path took less than its limit let pass. */
  tick(slow: () => ReadonlyMap<string, boolean>): void {
    this.#book.sample(this.#owners());
    const towards = isServer(this.#settings) ? "down" : "up";
    this.#book.adjust(adjustRules(this.#settings), towards, slow);
  }

  /** Number of buckets that there are rows of. */
  get count(): number {
    return this.#book.count(this.#owners());
  }

  /** All, or the first `most` of them. */
  rows(most?: number): Bucket[] {
    return this.#book.rows(this.#owners(), most);
  }

  /** Carries an operator's `set-rate` out. */
  set({ bucket, rate, unit, burst, forMs }: RateChange, { dryRun }: { dryRun: boolean }): ActionResult {
    const owners = this.#owners();
    if (!this.#book.knows(bucket, owners)) {
      const known = this.#book.rows(owners).map(({ name }) => name);
      return { kind: "not_found", message: `no bucket ${bucket}: there are ${known.slice(0, 12).join(", ")}` };
    }
    const before = this.#inWords(bucket);
    const limit = typeof rate === "number" ? limitFrom(rate, unit, burst) : undefined;
    const after = rate === "auto" ? "as configured" : inWords(limit);
    const until = forMs === undefined ? "" : ` for ${formatDuration(forMs)}`;
    const message = `${dryRun ? "would set" : "set"} ${bucket} from ${before} to ${after}${until}`;
    const facts = { before, after };
    if (dryRun) return { kind: "done", message, facts };
    if (rate === "auto") this.#book.giveBack(bucket);
    else this.#book.set(bucket, limit, forMs);
    this.#events.add("info", "rate_set", message, { bucket });
    return { kind: "done", message, facts };
  }

  stop(): void {
    this.#book.stop();
  }

  #owners(): Owners {
    const connected = this.#connected;
    const settings = this.#settings;
    return {
      sessionCount: connected.sessionCount,
      get sessions() {
        return connected.sessions().map(({ id }) => id);
      },
      get identities() {
        return isServer(settings) ? knownIdentities(settings, connected) : [];
      },
      services: isServer(settings) ? settings.services.map(({ name }) => name) : [],
    };
  }

  #figures(name: string): BucketFigures | undefined {
    const slots = this.#slots.get(name);
    if (slots === undefined) return undefined;
    const values = (field: BucketField): number[] =>
      [...slots].map((slot) => this.#values[slot + bucketField[field]] ?? 0);
    const sum = (field: BucketField): number => values(field).reduce((total, value) => total + value, 0);
    return {
      // Of a bucket that threads share each has the same, as far as it has looked.
      tokens: Math.min(...values("tokens")),
      taken: sum("taken"),
      dropped: sum("dropped"),
      waited_ms: Math.max(...values("waited_ms")),
    };
  }

  #inWords(name: string): string {
    return inWords(this.#book.limit(name));
  }
}

/** Those that the settings limit, and those that are connected. */
function knownIdentities({ access }: ServerSettings, connected: Connected): string[] {
  const limited = access.identities.filter(({ rate_limit: limit }) => limit.base_rate.kind !== "unlimited");
  return [...new Set([...limited.map(({ name }) => name), ...connected.sessions().map(({ identity }) => identity)])];
}

function limitFrom(rate: number, unit: Limit["unit"], burst: number | undefined): Limit | undefined {
  return limitOf({ kind: unit, per_second: rate }, burst === undefined ? undefined : { kind: unit, amount: burst });
}

function inWords(limit: Limit | undefined): string {
  if (limit === undefined) return "unlimited";
  const rate = formatRate({ kind: limit.unit, per_second: limit.perSecond });
  const burst = formatBurst({ kind: limit.unit, amount: limit.burst });
  return limit.unit === "packets" ? `${rate} packets/s (burst ${burst})` : `${rate} (burst ${burst})`;
}

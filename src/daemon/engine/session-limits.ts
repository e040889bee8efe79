import type { Millis } from "../../shared/clock.ts";
import type { FlowSession } from "../flow/ports.ts";
import type { Shapers } from "../flow/shapers.ts";
import { Limiter } from "../limit/limiter.ts";
import { type BucketOwner, type Direction, parseBucketName } from "../limit/names.ts";
import type { BucketPath } from "../limit/path.ts";
import type { LimitChange, LimitRules } from "../limit/rules.ts";
import type { TokenBucket } from "../limit/token-bucket.ts";
import { bucketField, BucketSlots } from "../metrics/bucket-slots.ts";
import { shortSession } from "../pool/link-book.ts";
import { BucketSharing } from "./bucket-sharing.ts";
import type { Command, DataThreadOptions, Event } from "./messages.ts";

/** Rate limits of a data thread's sessions: towards peers they shape, from peers they police. */
export class SessionLimits {
  /** Of sessions whose peers are limited. */
  readonly fromPeers: Map<FlowSession, BucketPath> = new Map();
  readonly #limiter: Limiter;
  readonly #shapers: Shapers;
  readonly #towards: Direction;
  readonly #from: Direction;
  readonly #slots: BucketSlots;
  readonly #told = new Map<string, { readonly bucket: TokenBucket; readonly slot: number }>();
  readonly #sharing: BucketSharing | undefined;
  readonly #now: () => Millis;
  readonly #emit: (event: Event) => void;

  constructor(parts: {
    now: () => Millis;
    options: Pick<DataThreadOptions, "mode" | "limits" | "bucketSlots" | "team">;
    shapers: Shapers;
    emit: (event: Event) => void;
  }) {
    const { options } = parts;
    this.#now = parts.now;
    this.#shapers = parts.shapers;
    this.#emit = parts.emit;
    this.#sharing = options.team && new BucketSharing(options.team);
    this.#slots = new BucketSlots(options.bucketSlots);
    this.#towards = options.mode === "server" ? "down" : "up";
    this.#from = options.mode === "server" ? "up" : "down";
    this.#limiter = new Limiter(parts.now, {
      made: (name, bucket) => this.#made(name, bucket),
      gone: (name) => this.#gone(name),
    });
    this.#limiter.configure(options.limits);
  }

  /** Takes new rules; what waits goes on under them. */
  configure(rules: LimitRules, sessions: Iterable<FlowSession>): void {
    this.#limiter.configure(rules);
    for (const session of sessions) this.apply(session);
    this.#shapers.run();
  }

  /** Takes other limits of single buckets, which only whom they belong to notices. */
  change(changes: readonly LimitChange[], sessions: Iterable<FlowSession>): void {
    this.#limiter.change(changes);
    const owners = changes.map(({ bucket }) => parseBucketName(bucket)?.owner);
    const all = owners.some((owner) => owner?.scope === "global");
    const of = (scope: BucketOwner["scope"]): Set<string> =>
      new Set(owners.flatMap((owner) => (owner?.scope === scope ? [owner.id] : [])));
    const [ids, identities] = [of("session"), of("identity")];
    for (const session of sessions) {
      if (all || ids.has(shortSession(session.id)) || identities.has(session.identity)) this.apply(session);
    }
    this.#shapers.run();
  }

  /** Gives the session the buckets that it has now. */
  apply(session: FlowSession): void {
    if (!isHere(session)) return;
    const owners = ownersOf(session);
    this.#shapers.of(session).path = this.#limiter.path(owners, this.#towards);
    const from = this.#limiter.path(owners, this.#from);
    if (from === undefined) this.fromPeers.delete(session);
    else this.fromPeers.set(session, from);
    this.#shapers.wake(session);
  }

  /** The session is gone; `last` of its identity. */
  forget(session: FlowSession, last: boolean): void {
    this.fromPeers.delete(session);
    this.#shapers.forget(session);
    for (const owner of ownersOf(session)) {
      if (owner.scope === "session" || (last && owner.scope === "identity")) this.#limiter.forget(owner);
    }
  }

  /** The limits of a published service. */
  ofService(name: string): { readonly up: BucketPath | undefined; readonly down: BucketPath | undefined } {
    const owners: BucketOwner[] = [{ scope: "service", id: name }];
    return { up: this.#limiter.path(owners, "up"), down: this.#limiter.path(owners, "down") };
  }

  forgetService(name: string): void {
    this.#limiter.forget({ scope: "service", id: name });
  }

  /** Other threads take from the bucket too, or no longer. */
  share(command: Extract<Command, { type: "bucket_shared" }>): void {
    const told = this.#told.get(command.name);
    if (told !== undefined) this.#sharing?.share(command, told.bucket, told.slot, this.#now());
  }

  /** Writes the figures of every bucket to shared memory. */
  tell(): void {
    const now = this.#now();
    const { values } = this.#slots;
    this.#sharing?.tick();
    for (const { bucket, slot } of this.#told.values()) {
      values[slot + bucketField.tokens] = bucket.peek(now);
      values[slot + bucketField.taken] = bucket.taken;
      values[slot + bucketField.dropped] = bucket.dropped;
      values[slot + bucketField.waited_ms] = bucket.waited;
    }
  }

  #made(name: string, bucket: TokenBucket): void {
    const slot = this.#slots.take();
    // Without a slot it limits all the same; only its figures are not seen.
    if (slot === undefined) return;
    this.#told.set(name, { bucket, slot });
    this.#emit({ type: "bucket", name, slot });
  }

  #gone(name: string): void {
    const told = this.#told.get(name);
    if (told === undefined) return;
    this.#told.delete(name);
    this.#sharing?.forget(name);
    this.#slots.giveBack(told.slot);
    this.#emit({ type: "bucket_gone", name, slot: told.slot });
  }
}

/** Whether this thread has the session's packets: a session of another thread's links needs no buckets here. */
function isHere({ links, elsewhere }: FlowSession): boolean {
  return links.length > 0 || elsewhere.length === 0;
}

function ownersOf({ id, identity }: FlowSession): BucketOwner[] {
  return [
    { scope: "global", id: "" },
    { scope: "identity", id: identity },
    { scope: "session", id: shortSession(id) },
  ];
}

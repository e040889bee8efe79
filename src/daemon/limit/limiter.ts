import type { Millis } from "../../shared/clock.ts";
import { type BucketOwner, bucketName, type Direction } from "./names.ts";
import { BucketPath } from "./path.ts";
import { changedRules, type LimitChange, type LimitRules, limitFor, noLimits } from "./rules.ts";
import { TokenBucket } from "./token-bucket.ts";

/** All buckets of one data thread, by name; made when somebody first asks for one that is limited. */
export class Limiter {
  readonly #now: () => Millis;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #told: { made(name: string, bucket: TokenBucket): void; gone(name: string): void };
  #rules: LimitRules = noLimits;

  /** `told` hears of every bucket that is made and that goes. */
  constructor(now: () => Millis, told: { made(name: string, bucket: TokenBucket): void; gone(name: string): void }) {
    this.#now = now;
    this.#told = told;
  }

  /** Takes new rules; who holds a path or bucket asks for it again. */
  configure(rules: LimitRules): void {
    this.#rules = rules;
  }

  /** Takes other limits of single buckets; who holds one of them asks for it again. */
  change(changes: readonly LimitChange[]): void {
    this.#rules = changedRules(this.#rules, changes);
  }

  /** The owner's bucket; undefined while it is unlimited. */
  bucket(owner: BucketOwner, direction: Direction): TokenBucket | undefined {
    const name = bucketName(owner, direction);
    const limit = limitFor(this.#rules, owner, direction);
    const existing = this.#buckets.get(name);
    if (limit === undefined) {
      if (existing !== undefined) this.#remove(name);
      return undefined;
    }
    if (existing !== undefined) {
      existing.configure(limit, this.#now());
      return existing;
    }
    const bucket = new TokenBucket(limit, this.#now());
    this.#buckets.set(name, bucket);
    this.#told.made(name, bucket);
    return bucket;
  }

  /** The buckets of these owners that are limited; undefined when none is. */
  path(owners: readonly BucketOwner[], direction: Direction): BucketPath | undefined {
    const buckets = owners.map((owner) => this.bucket(owner, direction)).filter((bucket) => bucket !== undefined);
    return buckets.length === 0 ? undefined : new BucketPath(buckets);
  }

  /** The owner is gone: its buckets go too. */
  forget(owner: BucketOwner): void {
    this.#remove(bucketName(owner, "up"));
    this.#remove(bucketName(owner, "down"));
  }

  #remove(name: string): void {
    if (this.#buckets.delete(name)) this.#told.gone(name);
  }
}

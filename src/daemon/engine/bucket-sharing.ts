import type { Millis } from "../../shared/clock.ts";
import { SharedLevel } from "../limit/shared-level.ts";
import type { TokenBucket } from "../limit/token-bucket.ts";
import { type TurnCells, Turns } from "../limit/turns.ts";
import { bucketField } from "../metrics/bucket-slots.ts";
import type { BucketPlace, Command } from "./messages.ts";
import type { Team } from "./team.ts";

interface SharedBucket {
  readonly turns: Turns;
  readonly level: SharedLevel;
  readonly home: BucketPlace;
}

/** The buckets of one data thread that others take from as well. */
export class BucketSharing {
  readonly #team: Pick<Team, "index" | "bucketSlots">;
  readonly #shared = new Map<string, SharedBucket>();

  constructor(team: Pick<Team, "index" | "bucketSlots">) {
    this.#team = team;
  }

  /** Who takes from the bucket, which has its own figures at `slot`, and where its level is. */
  share(
    { name, home, others }: Extract<Command, { type: "bucket_shared" }>,
    bucket: TokenBucket,
    slot: number,
    now: Millis,
  ): void {
    const before = this.#shared.get(name);
    if (home === undefined) {
      this.#shared.delete(name);
      return bucket.unshare(now);
    }
    const moved = before?.home.thread !== home.thread;
    const own = { thread: this.#team.index, slot };
    const turns = new Turns(this.#turnCells(own));
    for (const other of others) turns.follow(this.#turnCells(other));
    const level = moved || before === undefined ? this.#levelAt(home) : before.level;
    if (moved && home.thread === own.thread) level.begin(bucket.peek(now), now);
    this.#shared.set(name, { turns, level, home });
    bucket.share(level, turns);
  }

  forget(name: string): void {
    this.#shared.delete(name);
  }

  /** A few times a second: whoever waits says so again soon. */
  tick(): void {
    for (const { turns } of this.#shared.values()) turns.waiting = false;
  }

  #valuesOf({ thread }: BucketPlace): Float64Array<SharedArrayBuffer> {
    const values = this.#team.bucketSlots[thread];
    if (values === undefined) throw new Error(`there is no thread ${thread}`);
    return values;
  }

  #turnCells(place: BucketPlace): TurnCells {
    const { slot } = place;
    return { values: this.#valuesOf(place), taken: slot + bucketField.taken, waiting: slot + bucketField.waiting };
  }

  #levelAt(place: BucketPlace): SharedLevel {
    const { slot } = place;
    return new SharedLevel({
      values: this.#valuesOf(place),
      tokens: slot + bucketField.shared_tokens,
      at: slot + bucketField.shared_at,
      lock: slot + bucketField.shared_lock,
    });
  }
}

import type { BucketPlace, Command } from "./messages.ts";

/** Tells data threads that have the same bucket of each other. */
export class SharedBuckets {
  readonly #post: (thread: number, command: Command) => void;
  /** Slot of each bucket by thread; the first one has its level. */
  readonly #slots = new Map<string, Map<number, number>>();

  constructor(post: (thread: number, command: Command) => void) {
    this.#post = post;
  }

  made(thread: number, name: string, slot: number): void {
    const slots = this.#slots.get(name) ?? new Map<number, number>();
    this.#slots.set(name, slots);
    slots.set(thread, slot);
    if (slots.size > 1) this.#tell(name, slots);
  }

  gone(thread: number, name: string): void {
    const slots = this.#slots.get(name);
    if (slots?.delete(thread) !== true) return;
    if (slots.size === 0) this.#slots.delete(name);
    else this.#tell(name, slots);
  }

  #tell(name: string, slots: ReadonlyMap<number, number>): void {
    const places = [...slots].map(([thread, slot]): BucketPlace => ({ thread, slot }));
    const home = places.length > 1 ? places[0] : undefined;
    for (const { thread } of places) {
      const others = places.filter((place) => place.thread !== thread);
      this.#post(thread, { type: "bucket_shared", name, home, others });
    }
  }
}

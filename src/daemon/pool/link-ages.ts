import type { Millis } from "../../shared/clock.ts";
import type { LinkRecord } from "./link-book.ts";

/** Share of the time by which links of one age are spread. */
const spread = 0.1;
const golden = 0.618_033_988_749_895;

/** Which links have become so old that another should take their place. */
export class LinkAges {
  readonly #told = new WeakSet<LinkRecord>();

  /** Active links that are older than `most`, or up to a tenth younger so that they don't all go at once; each once. */
  due(links: Iterable<LinkRecord>, most: Millis, now: Millis): LinkRecord[] {
    const old = Iterator.from(links)
      .filter((record) => {
        const limit = most * (1 - spread * ((record.link * golden) % 1));
        return record.state === "active" && now - record.since >= limit && !this.#told.has(record);
      })
      .toArray();
    for (const record of old) this.#told.add(record);
    return old;
  }
}

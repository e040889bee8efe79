import type { Writable } from "node:stream";
import type { Clock } from "../shared/clock.ts";
import type { Snapshot } from "../shared/control/snapshot.ts";
import { Feed, type FeedMessage, type Wire } from "./feed.ts";
import { type Exit, watchExits } from "./exit.ts";
import { changes, linkLine } from "./plain.ts";

export interface PlainOptions {
  readonly stdout: Writable;
  readonly clock: Clock;
  readonly connect: () => Promise<Wire>;
}

/**
 * Writes one line per change until a signal comes or nobody reads any more.
 * @throws SssonectorError when there is no daemon at the start
 */
export async function runPlain({ stdout, clock, connect }: PlainOptions): Promise<Exit> {
  const left = Promise.withResolvers<Exit>();
  using cleanUp = new DisposableStack();
  let last: Snapshot | undefined;
  const say = (lines: readonly string[]): void => {
    if (lines.length > 0) stdout.write(`${lines.join("\n")}\n`);
  };
  const send = (message: FeedMessage): void => {
    if (message.kind === "link") return say([linkLine(message.link, clock.wall())]);
    say(changes(last, message.snapshot));
    last = message.snapshot;
  };
  cleanUp.defer(watchExits(stdout, left.resolve));
  const feed = cleanUp.adopt(new Feed({ connect, clock, rateHz: 1, send }), (open) => open.close());
  await feed.start();
  return await left.promise;
}

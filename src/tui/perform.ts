import type { Clock } from "../shared/clock.ts";
import type { Feed } from "./feed.ts";
import type { Effect, Message } from "./model/message.ts";

export interface PerformParts {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly send: (message: Message) => void;
  readonly quit: () => void;
  readonly suspend: () => void;
  /** Writes past what is drawn: control sequences that move nothing. */
  readonly write: (sequence: string) => void;
}

/** OSC 52: the terminal's clipboard, also through ssh. */
function clipboard(text: string): string {
  return `\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`;
}

/** What carries out the console's effects on the world. */
export function performer(parts: PerformParts): (effect: Effect) => void {
  const { feed, clock, send } = parts;
  return (effect) => {
    switch (effect.kind) {
      case "quit":
        return parts.quit();
      case "suspend":
        return parts.suspend();
      case "copy":
        return parts.write(clipboard(effect.text));
      case "act": {
        const { order, token, ...options } = effect;
        return void feed
          .act(order, options)
          .then((answer) => send({ kind: "answer", token, answer, now: clock.now() }));
      }
      case "moment":
        return void feed.moment(effect.at_ms).then((moment) => send({ kind: "moment", at_ms: effect.at_ms, moment }));
      case "events":
        return void feed.events().then((events) => send({ kind: "events", events }));
    }
  };
}

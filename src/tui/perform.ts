import type { Clock } from "../shared/clock.ts";
import type { Moment } from "../shared/control/snapshot.ts";
import { describeError } from "../shared/errors.ts";
import { writeBundle } from "./bundle.ts";
import { captureInto } from "./capture.ts";
import type { Feed, Wire } from "./feed.ts";
import type { CaptureOrder } from "./model/capture.ts";
import type { Effect, Message } from "./model/message.ts";
import type { State } from "./model/state.ts";
import { screen } from "./screens/screen.ts";

export interface PerformParts {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly send: (message: Message) => void;
  readonly quit: () => void;
  readonly suspend: () => void;
  /** What is on the screen. */
  readonly state: () => State;
  /** Writes past what is drawn: control sequences that move nothing. */
  readonly write: (sequence: string) => void;
  /** Folder for incident bundles and captures. */
  readonly folder: string;
  /** Lines that ctl prints for a verb. */
  readonly ask: (verb: string) => Promise<readonly string[]>;
  /** Another connection to the daemon. */
  readonly connect: () => Promise<Wire>;
  /** The console is left. */
  readonly ended: AbortSignal;
}

/** OSC 52: the terminal's clipboard, also through ssh. */
function clipboard(text: string): string {
  return `\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`;
}

async function bundle({ feed, state, folder }: PerformParts, masked: boolean): Promise<string> {
  const { live } = state();
  if (live === undefined) return "no data yet";
  const { title, above, table, below } = screen(state());
  const lines = [title, ...above, ...table, ...below].map((line) => line.map(({ text }) => text).join(""));
  const moment = (at_ms: number): Promise<Moment | undefined> => feed.moment(at_ms);
  try {
    const parts = { snapshot: live, screen: lines, masked, moment, events: () => feed.events(), folder };
    const { file, seconds } = await writeBundle(parts);
    return `wrote ${seconds} s to ${file}`;
  } catch (error) {
    return `no bundle: ${describeError(error)}`;
  }
}

async function capture(parts: PerformParts, order: CaptureOrder): Promise<string> {
  try {
    return await captureInto(order, parts);
  } catch (error) {
    return `no capture: ${describeError(error)}`;
  }
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
      case "logs":
        return void feed.logs(effect.since).then((lines) => send({ kind: "logs", lines }));
      case "read": {
        const { verb } = effect;
        return void parts.ask(verb).then((lines) => send({ kind: "text", verb, lines }));
      }
      case "bundle":
        return void bundle(parts, effect.masked).then((text) => send({ kind: "notice", text }));
      case "capture":
        return void capture(parts, effect.order).then((text) => send({ kind: "notice", text }));
      case "events":
        return void feed.events().then((events) => send({ kind: "events", events }));
    }
  };
}

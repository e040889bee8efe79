import { type LivenessRules, stretched } from "../link/liveness.ts";

/** A server that asks for more between PINGs has many sessions; below it a client does as its own settings say. */
const usualInterval = 5000;

/** How often links are asked whether they live: as the settings say, less often where there are many sessions. */
export class Keepalive {
  /** One object for all links, which changes under them. */
  readonly rules: LivenessRules;
  readonly #sessions: () => number;
  #settings: LivenessRules;
  /** What a client's server asks it to wait between PINGs, at least. */
  #asked = 0;

  /** `sessions` are those of a server; keepalives cost one with many no more than one with some. */
  constructor(settings: LivenessRules, sessions: () => number) {
    this.#settings = settings;
    this.#sessions = sessions;
    this.rules = { ...settings };
  }

  use(settings: LivenessRules): void {
    this.#settings = settings;
    this.stretch();
  }

  /** WELCOME's word on it. */
  ask(interval: number): void {
    this.#asked = interval > usualInterval ? interval : 0;
  }

  /** The number of sessions may have changed. */
  stretch(): void {
    const interval = stretched(this.#settings.interval, this.#sessions());
    Object.assign(this.rules, this.#settings, { interval: Math.max(interval, this.#asked) });
  }
}

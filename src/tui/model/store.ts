import type { Effect, Message } from "./message.ts";
import type { State } from "./state.ts";
import { update } from "./update.ts";

/** Holds the state, tells its readers when it changed, and hands effects to the one who carries them out. */
export class Store {
  #state: State;
  #readers = new Set<() => void>();
  #perform: (effect: Effect) => void;

  constructor(state: State, perform: (effect: Effect) => void) {
    this.#state = state;
    this.#perform = perform;
  }

  get state(): State {
    return this.#state;
  }

  readonly send = (message: Message): void => {
    const { state, effects } = update(this.#state, message);
    const changed = state !== this.#state;
    this.#state = state;
    if (changed) for (const reader of this.#readers) reader();
    for (const effect of effects) this.#perform(effect);
  };

  readonly subscribe = (reader: () => void): (() => void) => {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  };
}

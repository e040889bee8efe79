import type { Terminal } from "../../src/cli/ctl/terminal.ts";
import { type Clock, systemClock } from "../../src/shared/clock.ts";

/** A terminal that keeps what it is told and answers questions from a list. */
export class FakeTerminal implements Terminal {
  stdout = "";
  stderr = "";
  readonly clock: Clock = systemClock;
  clearable = false;
  interactive = false;
  answers: string[] = [];
  questions: string[] = [];
  env: NodeJS.ProcessEnv = {};
  #gone = new AbortController();
  #listeners: (() => void)[] = [];

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The reader of stdout goes away. */
  leave(): void {
    this.#gone.abort();
  }

  out(text: string): void {
    this.stdout += text;
    for (const listener of this.#listeners) listener();
  }

  err(text: string): void {
    this.stderr += text;
  }

  ask(question: string): Promise<string> {
    this.questions.push(question);
    return Promise.resolve(this.answers.shift() ?? "");
  }

  get lines(): string[] {
    return this.stdout.split("\n").slice(0, -1);
  }

  /** Resolves when stdout has this many lines. */
  printed(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.lines.length >= count) resolve();
    };
    this.#listeners.push(check);
    check();
    return promise;
  }
}

import { controlAddress } from "../../shared/control/address.ts";
import type { ControlClient } from "../../shared/control/client.ts";
import { ownSsh } from "../../shared/control/own-ssh.ts";
import type { Answers } from "./answers.ts";
import type { Options } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** What a verb works with. */
export interface Context {
  options: Options;
  /** The verb's arguments, as many as it must have and at most as many as it takes; none is empty. */
  args: readonly string[];
  terminal: Terminal;
  /** `control.revision` of what the operator was shown; undefined: nothing was. */
  revision?: number | undefined;
  /** @throws SssonectorError control_* */
  connect(): Promise<ControlClient>;
}

/** Milliseconds to wait for an answer, unless --timeout says otherwise. */
const answerTime = 5_000;

export function contextFor(options: Options, args: readonly string[], terminal: Terminal): Context {
  const connect = async (): Promise<ControlClient> => {
    const address = controlAddress(options, terminal.env);
    const { connectControl } = await import("../../shared/control/client.ts");
    return connectControl({
      ...address,
      clientName: "ctl",
      timeoutMs: options.timeout ?? answerTime,
      ssh: ownSsh(process.pid),
    });
  };
  return { options, args, terminal, connect };
}

/** Prints one answer as a line of JSON. */
export function printJson(terminal: Terminal, value: Answers[keyof Answers]): void {
  terminal.out(`${JSON.stringify({ v: 1, ...value })}\n`);
}

/** Waits, or until nobody reads any more. */
export function pause(terminal: Pick<Terminal, "clock" | "gone">, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = terminal.clock.after(milliseconds, resolve);
  terminal.gone.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => timer.cancel());
}

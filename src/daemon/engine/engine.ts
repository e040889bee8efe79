import { Worker } from "node:worker_threads";
import type { Command, DataThreadOptions, Event, Heartbeat } from "./messages.ts";

/** V8's default (three semi-spaces of 16 MiB), whatever the program was started with: packets make short-lived objects. */
const resourceLimits = { maxYoungGenerationSizeMb: 48 };

/** The data plane as the control plane sees it. */
export interface Engine {
  send(command: Command): void;
  /** Resolves when the data thread has answered; never while it is stuck. */
  responds(): Promise<void>;
  /** Ends every link and the thread. */
  stop(): Promise<void>;
}

/** Starts the data plane on a thread of its own. `died` is called when it ends without having been asked to. */
export function startEngine(
  options: DataThreadOptions,
  onEvent: (event: Event) => void,
  died: (error: Error) => void,
): Engine {
  const worker = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: options,
    name: "data",
    resourceLimits,
  });
  let stopping = false;
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let answered = Promise.withResolvers<void>();
  worker.on("message", (message: Event | Heartbeat) => {
    if (message.type === "heartbeat") answered.resolve();
    else onEvent(message);
  });
  worker.on("error", died);
  worker.on("exit", (code) => {
    if (!stopping) died(new Error(`the data thread ended with code ${code}`));
  });
  return {
    send: (command) => worker.postMessage(command),
    async responds() {
      answered = Promise.withResolvers<void>();
      worker.postMessage({ type: "heartbeat" } satisfies Heartbeat);
      await answered.promise;
    },
    async stop() {
      stopping = true;
      worker.postMessage({ type: "stop", reason: "stopping" } satisfies Command);
      const timeout = setTimeout(() => void worker.terminate(), 2000);
      await ended;
      clearTimeout(timeout);
    },
  };
}

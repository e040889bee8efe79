import { Worker } from "node:worker_threads";
import { closeBell, openBell } from "../handover/bell.ts";
import { bucketWidth } from "../metrics/bucket-slots.ts";
import { linkWidth } from "../metrics/link-slots.ts";
import { DataThreads } from "./data-threads.ts";
import type { Command, DataThreadOptions, Event, Events, Heartbeat } from "./messages.ts";
import { createRings, type Team } from "./team.ts";

/** Three semi-spaces of 4 MiB: V8 would let it grow to 48 MiB, and packets are as fast with this. */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

/** The data plane as the control plane sees it. */
export interface Engine {
  send(command: Command): void;
  /** Resolves when every data thread has answered; never while one is stuck. */
  responds(): Promise<void>;
  /** Ends every link and the threads. */
  stop(): Promise<void>;
}

interface DataWorker {
  post(command: Command): void;
  responds(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the data plane, each data thread on a thread of its own. `died` is called when one ends without having been
 * asked to. Each thread has its own part of the shared memory: all of `linkSlots` and of `bucketSlots` lie one behind
 * the other in one memory, in the order of the threads, and what events say of slots is about the whole of it.
 */
export function startEngine(
  threads: readonly Omit<DataThreadOptions, "team">[],
  onEvent: (event: Event) => void,
  died: (error: Error) => void,
): Engine {
  const [only] = threads;
  if (only === undefined) throw new Error("there is no data thread to start");
  if (threads.length === 1) {
    const worker = startWorker({ ...only, team: undefined }, "data", onEvent, died);
    return { send: (command) => worker.post(command), responds: () => worker.responds(), stop: () => worker.stop() };
  }
  const bells = threads.map(() => openBell());
  const capacity = only.linkSlots.length / linkWidth;
  const team: Omit<Team, "index"> = {
    count: threads.length,
    rings: createRings(threads.length),
    bells,
    openLinks: new Int32Array(new SharedArrayBuffer(4)),
    mostLinks: capacity,
    bucketSlots: threads.map(({ bucketSlots }) => bucketSlots),
  };
  const workers: DataWorker[] = [];
  const all = new DataThreads({
    count: threads.length,
    linkCapacity: capacity,
    bucketCapacity: only.bucketSlots.length / bucketWidth,
    post: (thread, command) => workers[thread]?.post(command),
    emit: onEvent,
  });
  for (const [index, options] of threads.entries()) {
    const arrived = (event: Event): void => all.arrived(index, event);
    workers.push(startWorker({ ...options, team: { ...team, index } }, `data-${index + 1}`, arrived, died));
  }
  return {
    send: (command) => all.send(command),
    async responds() {
      await Promise.all(workers.map((worker) => worker.responds()));
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
      for (const bell of bells) closeBell(bell);
    },
  };
}

function startWorker(
  options: DataThreadOptions,
  name: string,
  onEvent: (event: Event) => void,
  died: (error: Error) => void,
): DataWorker {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: options, name, resourceLimits });
  let stopping = false;
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let answered = Promise.withResolvers<void>();
  worker.on("message", (message: Events | Heartbeat) => {
    if ("type" in message) answered.resolve();
    else for (const event of message) onEvent(event);
  });
  worker.on("error", died);
  worker.on("exit", (code) => {
    if (!stopping) died(new Error(`a data thread ended with code ${code}`));
  });
  return {
    post: (command) => worker.postMessage(command),
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

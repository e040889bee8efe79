import { parentPort, workerData } from "node:worker_threads";
import { requestTimeSlice, shortestTimeSlice } from "../sys/scheduling.ts";
import { optimiseSooner } from "../sys/tier-up.ts";
import { attachTun } from "../tun/linux.ts";
import { DataThread } from "./data-thread.ts";
import type { Command, DataThreadOptions, Events, Heartbeat } from "./messages.ts";

// Entry of a data thread. Whatever it does not catch ends the thread, and with it the process.
const port = parentPort;
if (port === null) throw new Error("worker.js is started by the daemon, not by hand");
const options = workerData as DataThreadOptions;
// Where it is not permitted, they are as long as everybody's.
requestTimeSlice(shortestTimeSlice);
optimiseSooner();
const device = attachTun(options.tun.fd, options.tun.name, options.tun.features);
/** What happened in this turn of the event loop: one message, since waking the other thread costs more than most events. */
let events: Events = [];
function tellEvents(): void {
  port?.postMessage(events);
  events = [];
}
const thread = new DataThread(device, options, (event) => {
  if (events.push(event) === 1) setImmediate(tellEvents);
  if (event.type === "stopped") device.close();
});
port.on("message", (command: Command | Heartbeat) => {
  if (command.type === "heartbeat") return port.postMessage(command);
  thread.handle(command);
  // What is still being written keeps the thread alive; the port does not.
  if (command.type === "stop") setImmediate(() => port.close());
});

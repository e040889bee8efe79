/**
 * Joins two network namespaces by a pair of TAP interfaces: `main.ts OPTIONS`, where OPTIONS is JSON, see README.md.
 * Prints "listening" when both interfaces are there, and its counters at the end, which SIGTERM brings about.
 */
import { z } from "zod";
import { serveControl } from "../control/server.ts";
import { type Alarm, openAlarm } from "./alarm.ts";
import { obey } from "./commands.ts";
import { Link } from "./link.ts";
import { changeShape } from "./settings.ts";
import { openTap, type Tap } from "./tap.ts";

const end = z.strictObject({ namespace: z.string(), interface: z.string().min(1).max(15) });
const optionsShape = z.strictObject({
  a: end,
  b: end,
  seed: z.int().default(1),
  /** Path of the unix socket for control. */
  control: z.string(),
  a_to_b: changeShape.default({}),
  b_to_a: changeShape.default({}),
});

const options = optionsShape.parse(JSON.parse(process.argv[2] ?? "null"));
const link = new Link(options.seed);
link.a_to_b.change(options.a_to_b, performance.now());
link.b_to_a.change(options.b_to_a, performance.now());

const pump = (): void => {
  const now = performance.now();
  const due = link.advance(now, tapA.write, tapB.write);
  alarm.set(due === undefined ? undefined : due - performance.now());
};
const alarm: Alarm = openAlarm(pump);
const tapA: Tap = openTap(
  options.a.namespace,
  options.a.interface,
  (frame) => link.a_to_b.accept(frame, performance.now()),
  pump,
);
const tapB: Tap = openTap(
  options.b.namespace,
  options.b.interface,
  (frame) => link.b_to_a.accept(frame, performance.now()),
  pump,
);

const control = await serveControl(options.control, (line) => {
  const report = obey(link, line, performance.now());
  pump();
  return report;
});
console.log("listening");

await control.untilStopped();
tapA.close();
tapB.close();
alarm.close();
await control.close();
console.log(JSON.stringify(link.report()));

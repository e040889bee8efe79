/**
 * A TCP proxy that misbehaves as it is told: `main.ts OPTIONS`, where OPTIONS is JSON, see README.md.
 * Prints "listening", and its counters at the end, which SIGTERM brings about.
 */
import { z } from "zod";
import { serveControl } from "../control/server.ts";
import { obey } from "./commands.ts";
import { planChangeShape } from "./plan.ts";
import { ChaosProxy } from "./proxy.ts";

const address = z.strictObject({ host: z.string(), port: z.int().min(0).max(65_535) });
const optionsShape = z.strictObject({
  listen: address,
  server: address,
  plan: planChangeShape.default({}),
  /** Path of the unix socket for control. */
  control: z.string(),
});

const options = optionsShape.parse(JSON.parse(process.argv[2] ?? "null"));
const proxy = await ChaosProxy.listen(options.listen, options.server, options.plan);
const control = await serveControl(options.control, async (line) => await obey(proxy, line));
console.log("listening");

await control.untilStopped();
const report = proxy.report();
await proxy[Symbol.asyncDispose]();
await control.close();
console.log(JSON.stringify(report));

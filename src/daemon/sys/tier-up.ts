import { setFlagsFromString } from "node:v8";

/**
 * After so many calls V8 optimises a function with Maglev (its own threshold: 400) and with Turbofan (3000), and after so many
 * without anything new seen (500). V8 reads them each time it considers a function, so that they may be set while it runs.
 */
const thresholds = [
  "invocation-count-for-maglev=30",
  "invocation-count-for-turbofan=600",
  "minimum-invocations-after-ic-update=30",
];

/**
 * Lets this process optimise sooner from now on: a tunnel at rest makes few calls, and V8's own thresholds leave its packets to
 * unoptimised code for minutes (docs/decisions/0026-tun-on-the-event-loop.md). Called once the start is over, of which most
 * runs once.
 */
export function optimiseSooner(): void {
  for (const threshold of thresholds) setFlagsFromString(`--${threshold}`);
}

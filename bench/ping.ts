import type { Namespace } from "../src/cli/demo/namespace.ts";
import { percentile } from "./figures.ts";

export interface RoundTrips {
  sent: number;
  answered: number;
  p50_ms: number | null;
  p99_ms: number | null;
}

/** Round trips of `count` pings, `every` milliseconds apart. */
export async function ping(from: Namespace, address: string, count: number, every = 10): Promise<RoundTrips> {
  const argv = ["ping", "-c", String(count), "-i", String(every / 1000), "-W", "2", address];
  const running = from.start("ping", argv);
  await running.exited;
  return roundTrips(
    count,
    [...running.stdout.matchAll(/time=([\d.]+)/g)].map((found) => Number(found[1])),
  );
}

export function roundTrips(sent: number, millis: readonly number[]): RoundTrips {
  return { sent, answered: millis.length, p50_ms: percentile(millis, 0.5), p99_ms: percentile(millis, 0.99) };
}

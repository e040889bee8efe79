import { expect } from "vitest";

/** For what no event tells: looks again and again, for as long as a busy machine may need. */
export function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 10_000, interval: 5 });
}

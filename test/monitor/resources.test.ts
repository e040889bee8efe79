import { expect, it } from "vitest";
import { resourceAlerts } from "../../src/daemon/monitor/resources.ts";
import type { Resources } from "../../src/shared/control/snapshot.ts";

const calm: Resources = {
  open_descriptors: 89,
  most_descriptors: 100,
  resident_bytes: 89,
  buffer_bytes: 20,
  buffer_used_bytes: 10,
  most_memory_bytes: 100,
  loop_delay_ms: { main: 5, "data-1": 999 },
  loop_load: { main: 1, "data-1": 100 },
};

function codes(more: Partial<Resources>): string[] {
  return resourceAlerts({ ...calm, ...more }).map(({ code }) => code);
}

it("warns of what is close to a limit, and of nothing where no limit is known", () => {
  expect(codes({})).toEqual([]);
  expect(codes({ open_descriptors: 90 })).toEqual(["descriptors_short"]);
  expect(codes({ resident_bytes: 90 })).toEqual(["memory_short"]);
  expect(codes({ loop_delay_ms: { main: 1000, "data-1": 2000 } })).toEqual(["loop_late", "loop_late"]);
  expect(codes({ open_descriptors: null, most_memory_bytes: null, resident_bytes: 1e12 })).toEqual([]);
  expect(codes({ open_descriptors: 99, most_descriptors: null })).toEqual([]);
});

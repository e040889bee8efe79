import * as fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { pageOf } from "../../src/daemon/control/moment-page.ts";
import type { MomentPage } from "../../src/shared/control/protocol.ts";
import type { Connection } from "../../src/shared/control/snapshot.ts";
import { type ControlRig, controlRig } from "../fakes/control-server.ts";
import { aBackend, aConnection, aMoment, startOfTime } from "../fakes/snapshot.ts";

let rig: ControlRig;
beforeEach(async () => {
  rig = await controlRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

it("a moment of many connections comes in pages below 64 KiB that together are all of it", async () => {
  const connections = Array.from({ length: 512 }, (_, at) => aConnection(`c${at}`, { identity: "n".repeat(200) }));
  rig.backend.moments = [aMoment({ connections })];
  using client = await rig.connect();
  const rows: Connection[] = [];
  let from: number | null = 0;
  let pages = 0;
  while (from !== null) {
    const page: MomentPage = await client.call("moment", { at_ms: startOfTime, from });
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(65_536);
    rows.push(...(page.moment?.connections ?? []));
    from = page.next;
    pages += 1;
  }
  expect(rows).toEqual(connections);
  expect(pages).toBeGreaterThan(2);
});

it("pages hold every row once, whatever the rows", () => {
  const moments = fc.record({
    connections: fc.array(fc.string({ maxLength: 9_000 }).map((identity) => aConnection("c", { identity }))),
    backends: fc.array(fc.string({ maxLength: 9_000 }).map((name) => aBackend(name))),
  });
  fc.assert(
    fc.property(moments, (tables) => {
      const moment = aMoment(tables);
      const seen: { connections: unknown[]; backends: unknown[] } = { connections: [], backends: [] };
      for (let from: number | null = 0; from !== null; ) {
        const { moment: part, next }: ReturnType<typeof pageOf> = pageOf(moment, from);
        seen.connections.push(...(part?.connections ?? []));
        seen.backends.push(...(part?.backends ?? []));
        expect(next === null || next > from).toBe(true);
        from = next;
      }
      expect(seen).toEqual(tables);
    }),
    { numRuns: 30 },
  );
});

it("a second that nobody measured is null", async () => {
  rig.backend.moments = [aMoment()];
  using client = await rig.connect();
  const page = await client.call("moment", { at_ms: 5 });
  expect(page).toEqual({ oldest_ms: startOfTime, newest_ms: startOfTime, moment: null, next: null });
});

import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { frameType } from "../../src/daemon/link/frame.ts";
import { FakeClock } from "../fakes/clock.ts";
import { anyChunking, anyFrame, chunks, parse } from "../link/frames.ts";
import { openEnd } from "../link/wire.ts";
import { TestSocket } from "../link/test-socket.ts";

const data = new Set<number>([frameType.packet, frameType.offload]);

it("any frames in any state: a link lives, or closes with a reason, and says whole frames itself", async () => {
  const script = fc.array(anyFrame, { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(script, anyChunking, fc.boolean(), async (frames, sizes, active) => {
      const wire = new TestSocket();
      const { link, owner } = openEnd(wire.asTls, new FakeClock({ now: 5000 }));
      if (active) link.activate();
      const stream = Buffer.concat(frames);
      for (const chunk of chunks(stream, sizes)) wire.push(chunk);
      for (let i = 0; i < 4; i++) await turn();

      const sent = parse(wire.written);
      expect(sent.fault).toBeUndefined();
      const closed = owner.said.filter((text) => text.startsWith("closed"));
      expect(closed.length).toBe(link.state.kind === "closed" ? 1 : 0);
      if (closed.length > 0) expect(closed[0]).toMatch(/^closed (protocol_error|peer_[a-z_]+)/);
      if (closed[0]?.startsWith("closed protocol_error") === true)
        expect(sent.frames.at(-1)?.type).toBe(frameType.close);

      const heard = parse(stream).frames;
      const packets = heard.filter(({ type }) => data.has(type));
      if (!active) expect(owner.packets).toEqual([]);
      else if (closed.length === 0) expect(owner.packets).toEqual(packets.map(({ body }) => body));
      else expect(owner.packets.length).toBeLessThanOrEqual(packets.length);
      wire.destroy();
    }),
    { numRuns: 150 },
  );
});

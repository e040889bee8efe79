import { expect, it } from "vitest";
import type { Command } from "../../src/daemon/engine/messages.ts";
import { EventLog } from "../../src/daemon/monitor/event-log.ts";
import { LinkBook } from "../../src/daemon/pool/link-book.ts";
import { Rotation } from "../../src/daemon/rotation.ts";
import { FakeClock } from "../fakes/clock.ts";

function setUp(count: number): { clock: FakeClock; asked: () => number[]; rotation: Rotation; links: LinkBook } {
  const clock = new FakeClock();
  const links = new LinkBook();
  for (let link = 1; link <= count; link += 1) {
    links.add({
      link,
      slot: undefined,
      index: 0,
      server: "edge-01",
      identity: "ann",
      session: "s",
      backend: "edge-01",
      remote: "192.0.2.1:1",
      inner: [],
      state: link % 10 === 0 ? "configuring" : "active",
      since: 0,
      drainingSince: undefined,
    });
  }
  const commands: Command[] = [];
  const engine = {
    send: (command: Command) => void commands.push(command),
    stop: async () => {},
    responds: async () => {},
  };
  const events = new EventLog(clock, { server: "edge-01", boot_id: "b" });
  const rotation = new Rotation({ clock, engine, events, links });
  const asked = (): number[] =>
    commands.flatMap((command) => (command.type === "goaway" && command.scope === "link" ? (command.link ?? -1) : []));
  return { clock, asked, rotation, links };
}

it("asks for active links a few at a time, each once", () => {
  const { clock, asked, rotation } = setUp(100);
  expect(rotation.begin(true)).toMatchObject({ message: "would ask for 90 links to be replaced, within about 2 s" });
  clock.advance(5000);
  expect(asked()).toEqual([]);
  expect(rotation.begin(false)).toMatchObject({ kind: "done", facts: { links: 90 } });
  clock.advance(1000);
  expect(asked()).toHaveLength(50);
  clock.advance(10_000);
  expect(new Set(asked()).size).toBe(90);
  expect(asked()).toHaveLength(90);
  expect(clock.pending).toBe(0);
});

it("begins anew when it is asked again, and ends with the daemon", () => {
  const { clock, asked, rotation } = setUp(20);
  rotation.begin(false);
  clock.advance(100);
  rotation.begin(false);
  clock.advance(10_000);
  expect(asked()).toHaveLength(5 + 18);
  rotation.begin(false);
  rotation.stop();
  expect(clock.pending).toBe(0);
});

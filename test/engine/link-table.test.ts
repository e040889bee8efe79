import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LinkTable } from "../../src/daemon/engine/link-table.ts";
import type { LinkHandlers } from "../../src/daemon/link/link.ts";
import { LandingPool } from "../../src/daemon/link/receiver.ts";
import { createLinkSlots, linkField } from "../../src/daemon/metrics/link-slots.ts";
import { fakeTun } from "../fakes/tun.ts";
import { TestSocket } from "../link/test-socket.ts";

const open: TestSocket[] = [];
let slots: ReturnType<typeof createLinkSlots>;
let links: LinkTable;

beforeEach(() => {
  slots = createLinkSlots(400);
  links = new LinkTable({
    landing: new LandingPool((size) => fakeTun().device.allocate(size), 0),
    options: { linkSlots: slots, wear: { records: 1e9, bytes: 1e12 }, team: undefined },
    liveness: { interval: 1e9, timeout: 1e9, misses: 3, stall: 1e9 },
    handlers: () => ({ closed: ({ id }) => void links.remove(id) }) as Partial<LinkHandlers> as LinkHandlers,
    emit: () => {},
  });
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

function add(id: number): void {
  const socket = new TestSocket();
  open.push(socket);
  const certificate = { serial: "", issuer: "", notAfterMs: 0 };
  const secured = { socket: socket.asTls, identity: "ann", remote: "", authenticateMs: 0, certificate };
  const held = links.open(id, secured, 1e6) ?? expect.fail();
  held.link.rxBytes = id;
}

/** Links whose figures have been told, which marks them anew. */
function told(): number[] {
  const found: number[] = [];
  for (const { link, slot } of links) {
    if (slots[slot + linkField.rx_bytes] === link.rxBytes) found.push(link.id);
    link.rxBytes += 1000;
  }
  return found;
}

it("ticks few links at once and all of them soon, those that come and go meanwhile as well", async () => {
  for (let id = 1; id <= 300; id += 1) add(id);
  links.tick();
  expect(told()).toHaveLength(128);
  links.remove(200);
  links.remove(1);
  add(301);
  await nextTurn();
  await nextTurn();
  // The rest, without 200 and with 301.
  expect(told()).toHaveLength(172);
});

it("ticks each link before it begins anew", () => {
  for (let id = 1; id <= 300; id += 1) add(id);
  links.tick();
  links.tick();
  expect(told()).toHaveLength(300);
});

it("goes on with whatever is left", async () => {
  for (let id = 1; id <= 300; id += 1) add(id);
  links.tick();
  for (const { link } of links) links.remove(link.id);
  await nextTurn();
  add(301);
  links.tick();
  expect(told()).toEqual([301]);
});

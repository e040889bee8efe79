import { afterEach, describe, expect, it } from "vitest";
import { Complaints } from "../../src/daemon/engine/complaints.ts";
import { type HeldLink, LinkTable } from "../../src/daemon/engine/link-table.ts";
import { LinkLoss } from "../../src/daemon/engine/link-loss.ts";
import type { Event } from "../../src/daemon/engine/messages.ts";
import { SessionLimits } from "../../src/daemon/engine/session-limits.ts";
import { ThreadSessions } from "../../src/daemon/engine/thread-sessions.ts";
import { LandingPool } from "../../src/daemon/link/receiver.ts";
import type { Outbound } from "../../src/daemon/flow/outbound.ts";
import type { FlowLink } from "../../src/daemon/flow/ports.ts";
import { Shapers } from "../../src/daemon/flow/shapers.ts";
import { noLimits } from "../../src/daemon/limit/rules.ts";
import type { LinkHandlers } from "../../src/daemon/link/link.ts";
import { createBucketSlots } from "../../src/daemon/metrics/bucket-slots.ts";
import { createCounters } from "../../src/daemon/metrics/counters.ts";
import { createLinkSlots } from "../../src/daemon/metrics/link-slots.ts";
import type { SessionSpec } from "../../src/daemon/session/data-session.ts";
import { SessionTable } from "../../src/daemon/session/session-table.ts";
import { FakeClock } from "../fakes/clock.ts";
import { fakeTun, fullOffload } from "../fakes/tun.ts";
import { TestSocket } from "../link/test-socket.ts";
import { prefixOf } from "../session/addresses.ts";
import { walkedIn } from "../session/steps.ts";

const open: TestSocket[] = [];
const emit = (_event: Event): void => {};

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** The sessions of a server's data thread, whose links lead nowhere. */
class Thread {
  readonly table = new SessionTable<FlowLink>(() => 0);
  readonly links: LinkTable;
  readonly sessions: ThreadSessions;
  readonly ended: string[] = [];
  #nextLink = 1;

  constructor(mostLinks: number) {
    const counters = createCounters();
    const shapers = new Shapers({ clock: new FakeClock(), counters, queueBytes: 1e6, waited: () => {} });
    const options = { mode: "server" as const, limits: noLimits, bucketSlots: createBucketSlots(4), team: undefined };
    this.links = new LinkTable({
      landing: new LandingPool((size) => fakeTun().device.allocate(size), 0),
      options: { linkSlots: createLinkSlots(mostLinks), wear: { records: 1e9, bytes: 1e12 }, team: undefined },
      liveness: { interval: 1e9, timeout: 1e9, misses: 3, stall: 1e9 },
      handlers: () => this.#handlers,
      emit,
    });
    this.sessions = new ThreadSessions({
      mtu: 1500,
      table: this.table,
      links: this.links,
      limits: new SessionLimits({ now: () => 0, options, shapers, emit }),
      loss: new LinkLoss("server", { release: () => {} } as unknown as Outbound, shapers),
      complaints: new Complaints(emit),
      thread: 0,
      moveOver: undefined,
    });
  }

  join(spec: SessionSpec): HeldLink {
    const socket = new TestSocket();
    open.push(socket);
    const certificate = { serial: "", issuer: "", notAfterMs: 0 };
    const secured = { socket: socket.asTls, identity: spec.identity, remote: "", authenticateMs: 0, certificate };
    const held = this.links.open(this.#nextLink++, secured, 1e6);
    if (held === undefined) throw new Error("no slot is left");
    this.sessions.join(held, this.sessions.put(spec));
    return held;
  }

  readonly #handlers = {
    closed: ({ id }, reason) => {
      this.ended.push(`${id} ${reason}`);
      const held = this.links.remove(id);
      if (held !== undefined) held.session?.remove(held.link);
    },
  } as Partial<LinkHandlers> as LinkHandlers;
}

function spec(number: number, identity = `client-${number}`): SessionSpec {
  const own = [`10.8.${number >> 8}.${number & 255}`, `fd00::${number.toString(16)}`].map(prefixOf);
  return { id: `s${number}`, identity, prefixes: own, mtu: 1500, acl: [], peer: fullOffload };
}

describe("the end of a session", () => {
  it("ends all of its links, those that it has left as well, and nobody else's", () => {
    const thread = new Thread(8);
    const first = thread.join(spec(1));
    thread.join(spec(2));
    thread.join(spec(1));
    first.session?.remove(first.link);
    thread.sessions.close("s1", "kicked", "");
    expect(thread.ended).toEqual(["1 kicked", "3 kicked"]);
    expect([...thread.links].map(({ link }) => link.id)).toEqual([2]);
    expect([thread.table.get("s1"), thread.table.size]).toEqual([undefined, 1]);
  });

  it.each([
    ["different identities", (number: number) => spec(number)],
    ["one identity", (number: number) => spec(number, "fleet")],
  ])("costs the same with many others, of %s, as with few", (_whose, specOf) => {
    const [few, many] = [50, 500].map((count) => {
      const thread = new Thread(count);
      for (let number = 1; number <= count; number++) thread.join(specOf(number));
      return walkedIn(() => thread.sessions.close("s25", "kicked", ""));
    });
    expect(many).toBe(few);
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type AttemptPermit, Connector, type Endpoint } from "../../src/daemon/pool/connector.ts";
import { FakeClock } from "../fakes/clock.ts";

const reasons = [
  "timeout",
  "connection_refused",
  "no_route",
  "certificate_expired",
  "peer_closed",
  "peer_stopping",
  "peer_not_here",
  "peer_token_invalid",
  "peer_superseded",
  "normal",
];

const step = fc.oneof(
  fc.record({ kind: fc.constant("advance" as const), by: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ kind: fc.constant("advance" as const), by: fc.integer({ min: 0, max: 40_000 }) }),
  fc.record({ kind: fc.constant("settle" as const) }),
  fc.record({ kind: fc.constant("welcomed" as const), back: fc.nat(1) }),
  fc.record({ kind: fc.constant("welcomed" as const), back: fc.constant(0) }),
  fc.record({ kind: fc.constant("closed" as const), back: fc.nat(3), reason: fc.constantFrom(...reasons) }),
  fc.record({ kind: fc.constant("dialFailed" as const), back: fc.nat(3), reason: fc.constantFrom(...reasons) }),
  fc.record({ kind: fc.constant("leave" as const), scope: fc.constantFrom("link" as const, "server" as const) }),
  fc.record({ kind: fc.constantFrom("abandon" as const, "hurry" as const) }),
  fc.record({
    kind: fc.constant("answers" as const),
    fails: fc.constantFrom("nothing", "nothing", "nothing", "resolve", "choose"),
    name: fc.constantFrom("eu-1", "eu-2"),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A connector whose every answer is given by steps, with the books that show whether it keeps its word. */
class Model {
  readonly clock = new FakeClock();
  readonly permits: { told: number }[] = [];
  /** Links that were dialled, by what is known of them here. */
  readonly links: { link: number; state: "dialing" | "up" | "retired" | "over" }[] = [];
  /** The next answers: which question fails, and which server is chosen. */
  fails = "nothing";
  name = "eu-1";
  newest = 0;
  readonly connector: Connector;

  constructor() {
    this.connector = new Connector({
      clock: this.clock,
      random: () => 0.5,
      memory: { load: () => undefined, save: () => undefined },
      choose: () => {
        if (this.fails === "choose") return { kind: "none", retryIn: 500, reason: "none" };
        const { name } = this;
        const record = { told: 0 };
        this.permits.push(record);
        const tell = (): void => void (record.told += 1);
        const permit: AttemptPermit = { ok: tell, fail: tell, cancel: tell };
        const endpoint: Endpoint = { name, identity: name, address: { host: name, port: 1 } };
        return { kind: "chosen", endpoint, permit };
      },
      hasAlternative: () => this.name === "eu-1",
      ended: () => undefined,
      resolve: async () => {
        if (this.fails === "resolve") throw new Error("no such name");
        return ["192.0.2.1"];
      },
      pin: async () => undefined,
      newLink: () => ++this.newest,
      successor: () => undefined,
      dial: (link) => void this.links.push({ link, state: "dialing" }),
      retire: (link) => {
        const old = this.links.find((one) => one.link === link);
        expect(old?.state).toBe("up");
        expect(this.connector.current?.link).not.toBe(link);
        if (old !== undefined) old.state = "retired";
      },
      failed: () => undefined,
    });
  }

  /** The link that was dialled `back` before the newest. */
  #link(back: number): Model["links"][number] | undefined {
    return this.links.at(-1 - back);
  }

  async run(one: Step): Promise<void> {
    const link = "back" in one ? this.#link(one.back) : undefined;
    switch (one.kind) {
      case "advance":
        return this.clock.advance(one.by);
      case "settle":
        return settled();
      case "welcomed":
        if (link?.state !== "dialing") return;
        link.state = "up";
        return this.connector.welcomed(link.link, { id: "aa", epoch: "1", token: "", clusterId: "" });
      case "closed":
      case "dialFailed":
        if (link === undefined || link.state === "over" || (one.kind === "dialFailed" && link.state !== "dialing"))
          return;
        link.state = "over";
        return this.connector[one.kind](link.link, one.reason, "");
      case "leave":
        return this.connector.leave(one.scope);
      case "hurry":
        return this.connector.hurry();
      case "abandon": {
        const given = this.connector.abandon();
        const found = this.links.find((known) => known.link === given);
        if (found !== undefined) found.state = "retired";
        return;
      }
      case "answers":
        this.fails = one.fails;
        this.name = one.name;
    }
  }

  /** What always holds. */
  check(): void {
    const open = this.permits.filter(({ told }) => told === 0);
    expect(this.permits.filter(({ told }) => told > 1)).toEqual([]);
    expect(open.length).toBeLessThanOrEqual(1);
    const dialing = this.links.filter(({ state }) => state === "dialing");
    expect(dialing.length).toBeLessThanOrEqual(1);
    expect(this.clock.pending).toBeLessThanOrEqual(1);
    const up = this.links.filter(({ state }) => state === "up").map(({ link }) => link);
    const current = this.connector.current?.link;
    expect(up).toEqual(current === undefined ? [] : [current]);
    // Without a link something is always under way.
    if (current === undefined) expect(open.length + this.clock.pending).toBeGreaterThan(0);
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("whatever happens: one attempt at a time, its outcome told once, never without a link and idle", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const model = new Model();
      model.connector.start();
      for (const one of steps) {
        await model.run(one);
        model.check();
      }
      model.connector.stop();
      const dials = model.links.length;
      await settled();
      expect(model.permits.every(({ told }) => told === 1)).toBe(true);
      expect(model.clock.pending).toBe(0);
      model.clock.advance(100_000);
      await settled();
      expect(model.links).toHaveLength(dials);
    }),
    { numRuns: 500 },
  );
});

import { describe, expect, it } from "vitest";
import { type Choice, Connector, type Endpoint, type Introduction } from "../../src/daemon/pool/connector.ts";
import type { RememberedSession } from "../../src/daemon/pool/session-memory.ts";
import { FakeClock } from "../fakes/clock.ts";

const ends: readonly Endpoint[] = ["eu-1", "eu-2", "us-1"].map((name) => ({
  name,
  identity: name,
  address: { host: `${name}.test`, port: 8443 },
}));

const remembered: RememberedSession = { id: "aa", epoch: "4", token: "dG9r", clusterId: "cc" };

interface Dial {
  readonly link: number;
  readonly linkIndex: number;
  readonly endpoint: string;
  readonly address: string;
  readonly introduction: Introduction;
}

/** A connector whose look-ups and dials the test answers; servers are taken in turn after a failure. */
class Client {
  readonly clock = new FakeClock();
  readonly dials: Dial[] = [];
  readonly failures: { endpoint: string; reason: string; text: string; retryIn: number }[] = [];
  readonly pinned: (readonly string[])[] = [];
  readonly retired: number[] = [];
  readonly ended: string[] = [];
  /** What became of each permit. */
  readonly permits: string[] = [];
  readonly names = new Map<string, readonly string[] | Error>();
  stored: RememberedSession | undefined;
  random = 0.5;
  onFailed: () => void = () => {};
  /** While set, look-ups wait for it. */
  gate: Promise<void> | undefined;
  /** What is chosen instead of the next server. */
  instead: Choice | undefined;
  readonly connector: Connector;
  #turn = 0;

  constructor(parts: { endpoints?: readonly Endpoint[]; stored?: RememberedSession } = {}) {
    this.stored = parts.stored;
    const endpoints = parts.endpoints ?? ends.slice(0, 1);
    this.connector = new Connector({
      clock: this.clock,
      random: () => this.random,
      memory: { load: () => this.stored, save: (session) => void (this.stored = session) },
      choose: (avoid) => this.instead ?? this.#choose(endpoints, avoid),
      hasAlternative: () => endpoints.length > 1,
      ended: ({ name }, outcome, lived) => void this.ended.push(`${name} ${outcome} ${lived}`),
      resolve: async (host) => {
        await this.gate;
        const found = this.names.get(host) ?? ["192.0.2.1"];
        if (found instanceof Error) throw found;
        return found;
      },
      pin: async (addresses) => void this.pinned.push(addresses),
      dial: (link, linkIndex, endpoint, address, introduction) =>
        void this.dials.push({ link, linkIndex, endpoint: endpoint.name, address, introduction }),
      retire: (link) => void this.retired.push(link),
      failed: (endpoint, reason, text, retryIn) => {
        this.failures.push({ endpoint: endpoint.name, reason, text, retryIn });
        this.onFailed();
      },
    });
  }

  #choose(endpoints: readonly Endpoint[], avoid: string | undefined): Choice {
    if (endpoints[this.#turn % endpoints.length]?.name === avoid) this.#turn += 1;
    const endpoint = endpoints[this.#turn % endpoints.length] ?? expect.fail();
    return this.chosen(endpoint);
  }

  chosen(endpoint: Endpoint): Choice {
    const { name } = endpoint;
    const tell = (what: string): void => void this.permits.push(`${name} ${what}`);
    return {
      kind: "chosen",
      endpoint,
      permit: {
        ok: (millis) => tell(`ok ${millis}`),
        fail: (kind, millis, cause) => tell(`${kind} ${millis} ${cause}`),
        cancel: () => tell("cancel"),
      },
    };
  }

  /** Moves the clock and lets look-ups finish; the newest dial. */
  async advance(by: number): Promise<Dial | undefined> {
    this.clock.advance(by);
    await new Promise((resolve) => setImmediate(resolve));
    return this.dials.at(-1);
  }

  async started(): Promise<Dial> {
    this.connector.start();
    return (await this.advance(0)) ?? expect.fail("no dial");
  }

  /** A client whose first link is up. */
  async up(): Promise<Dial> {
    const dial = await this.started();
    this.connector.welcomed(dial.link, remembered);
    return dial;
  }

  /** Whether an attempt waits. */
  get busy(): boolean {
    return this.clock.pending > 0;
  }
}

describe("an attempt", () => {
  it("resolves, pins, dials and is up with WELCOME", async () => {
    const client = new Client();
    expect(client.connector.current).toBeUndefined();
    const dial = await client.started();
    expect(dial).toEqual({
      link: 1,
      linkIndex: 0,
      endpoint: "eu-1",
      address: "192.0.2.1",
      introduction: { intent: "new" },
    });
    expect(client.pinned).toEqual([["192.0.2.1"]]);
    expect([client.connector.current, client.permits]).toEqual([undefined, []]);
    client.clock.advance(40);
    client.connector.welcomed(1, remembered);
    expect(client.connector.current).toMatchObject({ link: 1, endpoint: { name: "eu-1" } });
    expect(client.permits).toEqual(["eu-1 ok 40"]);
    expect(client.stored).toEqual(remembered);
    expect(client.busy).toBe(false);
  });

  it("goes to the servers that are chosen, and to the addresses of a name in turn", async () => {
    const client = new Client({ endpoints: ends });
    client.names.set("eu-1.test", ["192.0.2.1", "192.0.2.2"]);
    client.names.set("us-1.test", ["2001:db8::3"]);
    client.connector.start();
    for (let turn = 0; turn < 6; turn++) {
      const dial = (await client.advance(60_000)) ?? expect.fail("no dial");
      client.connector.dialFailed(dial.link, "timeout", "");
    }
    expect(client.dials.map(({ endpoint, address }) => `${endpoint} ${address}`)).toEqual([
      "eu-1 192.0.2.1",
      "eu-2 192.0.2.1",
      "us-1 2001:db8::3",
      "eu-1 192.0.2.2",
      "eu-2 192.0.2.1",
      "us-1 2001:db8::3",
    ]);
    expect(client.dials.map(({ link }) => link)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(client.permits.slice(0, 2)).toEqual(["eu-1 remote 0 timeout", "eu-2 remote 0 timeout"]);
    expect(client.connector.outerAddresses).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::3"]);
    expect(client.pinned.at(-1)).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::3"]);
  });

  it("whose name can't be resolved is a failure that does not count against the server", async () => {
    const client = new Client();
    client.names.set("eu-1.test", new Error("no such name"));
    client.connector.start();
    expect(await client.advance(0)).toBeUndefined();
    expect(client.failures).toEqual([{ endpoint: "eu-1", reason: "unresolved", text: "no such name", retryIn: 125 }]);
    expect(client.permits).toEqual(["eu-1 local 0 unresolved"]);
    expect(client.connector.lastError).toBe("unresolved: no such name");
    client.names.delete("eu-1.test");
    expect(await client.advance(125)).toMatchObject({ link: 1 });
  });

  it("waits as long as it is told when no server may be tried", async () => {
    const client = new Client();
    client.instead = { kind: "none", retryIn: 700, reason: "every breaker is open" };
    client.connector.start();
    await client.advance(0);
    expect(client.connector.lastError).toBe("every breaker is open");
    client.instead = undefined;
    expect(await client.advance(699)).toBeUndefined();
    expect(await client.advance(1)).toMatchObject({ link: 1 });
  });
});

describe("leaving", () => {
  it("makes the new link first, on another server with another place, and then retires the old", async () => {
    const client = new Client({ endpoints: ends });
    const old = await client.up();
    client.instead = client.chosen(ends[1] ?? expect.fail());
    client.connector.leave("server");
    const next = (await client.advance(250)) ?? expect.fail();
    expect(next).toMatchObject({ endpoint: "eu-2", linkIndex: 1, introduction: { intent: "takeover", epoch: 5n } });
    expect(client.connector.current?.link).toBe(old.link);
    expect(client.retired).toEqual([]);
    client.connector.welcomed(next.link, { ...remembered, epoch: "5" });
    expect(client.connector.current?.link).toBe(next.link);
    expect([client.retired, client.ended]).toEqual([[old.link], ["eu-1 cancelled 250"]]);
    client.connector.closed(old.link, "normal", "");
    expect([client.connector.current?.link, client.failures]).toEqual([next.link, []]);
  });

  it("stays where nothing better is, and with a new link to the same server where that will do", async () => {
    const client = new Client();
    const old = await client.up();
    client.connector.leave("server");
    await client.advance(250);
    expect([client.dials.length, client.permits.at(-1)]).toEqual([1, "eu-1 cancel"]);
    client.connector.leave("link");
    const next = (await client.advance(250)) ?? expect.fail();
    expect(next).toMatchObject({ endpoint: "eu-1", linkIndex: 1, introduction: { intent: "join" } });
    client.connector.welcomed(next.link, remembered);
    expect(client.retired).toEqual([old.link]);
  });

  it("a link whose way is gone begins anew at once", async () => {
    const client = new Client();
    const { link } = await client.up();
    expect(client.connector.abandon()).toBe(link);
    expect(client.connector.abandon()).toBeUndefined();
    const next = (await client.advance(0)) ?? expect.fail();
    expect(next).toMatchObject({ introduction: { intent: "join" }, linkIndex: 0 });
    client.connector.closed(link, "normal", "");
    expect([client.failures, client.dials.length]).toEqual([[], 2]);
  });

  it("gives a link that replaces a lost one its place, so that the server ends the lost one", async () => {
    const client = new Client();
    await client.up();
    client.connector.leave("link");
    const second = (await client.advance(250)) ?? expect.fail();
    client.connector.welcomed(second.link, remembered);
    client.connector.closed(second.link, "stalled", "");
    expect(await client.advance(125)).toMatchObject({ linkIndex: second.linkIndex, introduction: { intent: "join" } });
  });
});

describe("back-off", () => {
  it("waits full jitter under a ceiling that doubles, and says how long", async () => {
    const client = new Client();
    client.random = 0.75;
    let dial = await client.started();
    for (const ceiling of [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      client.connector.dialFailed(dial.link, "timeout", "too slow");
      const retryIn = ceiling * 0.75;
      expect(client.failures.at(-1)).toEqual({ endpoint: "eu-1", reason: "timeout", text: "too slow", retryIn });
      expect(await client.advance(retryIn - 0.25)).toBe(dial);
      const next = (await client.advance(0.25)) ?? expect.fail("no dial");
      expect(next.link).toBe(dial.link + 1);
      dial = next;
    }
  });

  it("begins anew after a link that was up for five seconds, and goes on after a shorter one", async () => {
    const client = new Client();
    let dial = await client.started();
    for (const [upFor, expected] of [
      [4999, 125],
      [4999, 250],
      [4999, 500],
      [5000, 125],
    ] as const) {
      client.connector.welcomed(dial.link, remembered);
      await client.advance(upFor);
      client.connector.closed(dial.link, "silent", "");
      expect(client.failures.at(-1)).toMatchObject({ reason: "silent", retryIn: expected });
      dial = (await client.advance(expected)) ?? expect.fail();
    }
  });

  it("ends at once when the network changes, which tells nothing while an attempt is under way", async () => {
    const client = new Client();
    client.random = 0.9;
    await client.started();
    client.connector.hurry();
    await client.advance(0);
    expect(client.dials).toHaveLength(1);
    for (let failed = 1; failed <= 5; failed++) {
      client.connector.dialFailed(failed, "timeout", "");
      if (failed < 5) await client.advance(30_000);
    }
    client.connector.hurry();
    expect(await client.advance(0)).toMatchObject({ link: 6 });
    client.connector.dialFailed(6, "timeout", "");
    expect(client.failures.at(-1)?.retryIn).toBe(225);
    expect(client.clock.pending).toBe(1);
  });
});

describe("the session", () => {
  it("that is on disk is taken over by a new process", async () => {
    const client = new Client({ stored: remembered });
    expect((await client.started()).introduction).toEqual({
      intent: "takeover",
      session: "aa",
      epoch: 5n,
      token: "dG9r",
    });
  });

  it("is joined again after its link was lost, with the newest token", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.welcomed(link, { ...remembered, token: "bmV3" });
    expect(client.stored?.token).toBe("bmV3");
    client.connector.closed(link, "stalled", "");
    expect((await client.advance(125))?.introduction).toEqual({
      intent: "join",
      session: "aa",
      epoch: 4n,
      token: "bmV3",
    });
  });

  it("is taken over at once from a server that was restarted", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.closed(link, "peer_closed", "");
    const join = (await client.advance(125)) ?? expect.fail();
    client.connector.closed(join.link, "peer_not_here", "");
    const takeover = await client.advance(0);
    expect(takeover?.introduction).toEqual({ intent: "takeover", session: "aa", epoch: 5n, token: "dG9r" });
    expect(takeover?.endpoint).toBe(join.endpoint);
    expect(client.failures.map(({ reason }) => reason)).toEqual(["peer_closed"]);
    expect(client.permits).toEqual(["eu-1 ok 0", "eu-1 ok 0"]);
    // Without a session to lose, "not here" is a failure: no endless asking.
    client.connector.closed(takeover?.link ?? 0, "peer_not_here", "");
    expect(client.failures.at(-1)).toMatchObject({ reason: "peer_not_here" });
  });

  it("is given up when its token is refused or another has taken it", async () => {
    for (const reason of ["peer_token_invalid", "peer_superseded"]) {
      const client = new Client({ stored: remembered });
      const { link } = await client.started();
      client.connector.closed(link, reason, "why");
      expect(client.stored).toBeUndefined();
      expect(client.connector.lastError).toBe(`${reason}: why`);
      expect(client.permits).toEqual(["eu-1 cancel"]);
      expect((await client.advance(125))?.introduction).toEqual({ intent: "new" });
    }
    const client = new Client();
    const { link } = await client.up();
    client.connector.closed(link, "peer_superseded", "");
    expect(client.stored).toBeUndefined();
    expect((await client.advance(125))?.introduction).toEqual({ intent: "new" });
  });

  it("is taken over on another server, at the first failure almost at once", async () => {
    const client = new Client({ endpoints: ends });
    const { link } = await client.up();
    client.connector.closed(link, "stalled", "");
    expect(client.failures).toMatchObject([{ endpoint: "eu-1", retryIn: 50 }]);
    expect(client.ended).toEqual(["eu-1 remote 0"]);
    const next = (await client.advance(50)) ?? expect.fail();
    expect(next).toMatchObject({ endpoint: "eu-2", introduction: { intent: "takeover", epoch: 5n } });
    client.connector.closed(next.link, "timeout", "");
    expect(client.failures.at(-1)).toMatchObject({ endpoint: "eu-2", retryIn: 250 });
  });

  it("is kept through any other end", async () => {
    for (const reason of ["peer_kicked", "peer_denied", "peer_no_address", "timeout", "socket_error", "silent"]) {
      const client = new Client();
      const { link } = await client.up();
      client.connector.closed(link, reason, "");
      expect(client.stored).toEqual(remembered);
      expect((await client.advance(125))?.introduction.intent).toBe("join");
    }
  });
});

describe("what comes late", () => {
  it("from an older link changes nothing", async () => {
    const client = new Client();
    const first = await client.up();
    client.connector.closed(first.link, "stalled", "");
    const second = (await client.advance(125)) ?? expect.fail();
    const failures = client.failures.length;
    client.connector.closed(first.link, "peer_token_invalid", "");
    client.connector.dialFailed(first.link, "timeout", "");
    client.connector.welcomed(first.link, { ...remembered, id: "bb" });
    expect(client.connector.current).toBeUndefined();
    client.connector.welcomed(second.link, remembered);
    client.connector.dialFailed(second.link, "timeout", "");
    client.connector.closed(first.link, "silent", "");
    expect(client.connector.current).toMatchObject({ link: second.link });
    expect(client.failures).toHaveLength(failures);
    expect(client.stored).toEqual(remembered);
  });

  it("from a look-up after stop changes nothing", async () => {
    for (const outcome of [["192.0.2.1"], new Error("no such name")]) {
      const client = new Client();
      client.names.set("eu-1.test", outcome);
      const { promise, resolve } = Promise.withResolvers<void>();
      client.gate = promise;
      client.connector.start();
      await client.advance(0);
      client.connector.stop();
      resolve();
      expect(await client.advance(60_000)).toBeUndefined();
      expect([client.permits, client.busy]).toEqual([["eu-1 cancel"], false]);
      expect(client.failures).toEqual([]);
    }
  });

  it("after stop, as the end of the link, begins nothing", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.stop();
    client.connector.closed(link, "stopping", "");
    client.connector.hurry();
    await client.advance(60_000);
    expect(client.dials).toHaveLength(1);
    expect(client.clock.pending).toBe(0);
  });

  it("can be stop itself, from whoever hears of a failure", async () => {
    const client = new Client();
    const { link } = await client.started();
    client.onFailed = () => client.connector.stop();
    client.connector.dialFailed(link, "timeout", "");
    await client.advance(60_000);
    expect(client.dials).toHaveLength(1);
    expect(client.clock.pending).toBe(0);
  });
});

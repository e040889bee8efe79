import { beforeEach, describe, expect, it } from "vitest";
import type { EndpointSettings } from "../../src/daemon/config/settings.ts";
import { Backends } from "../../src/daemon/backends.ts";
import { Balancer } from "../../src/daemon/balance/balancer.ts";
import { hashText } from "../../src/daemon/balance/hash.ts";
import { makeStrategy } from "../../src/daemon/balance/strategies.ts";
import { Connector } from "../../src/daemon/pool/connector.ts";
import { FakeClock } from "../fakes/clock.ts";

const weights = { "eu-1": 50, "eu-2": 30, "eu-3": 20 } as const;
const servers = Object.entries(weights).map(([name, weight]): EndpointSettings => {
  return { name, identity: name, address: { host: name, port: 8443 }, weight, priority: 0 };
});
const breakerRules = {
  mode: "enforce" as const,
  failure_rate: 50,
  slow_rate: 80,
  minimum_calls: 5,
  consecutive: 3,
  slow_call: 2000,
  window: 60_000,
  open: 1000,
  open_max: 60_000,
};

let clock: FakeClock;
/** Servers that refuse whatever comes. */
let dead: Set<string>;

/** A client in session mode as the daemon wires it; its dials are answered at once. */
class Client {
  readonly connector: Connector;
  readonly #dials: [link: number, server: string][] = [];
  moves = 0;
  #links = 0;

  constructor(identity: string) {
    const flow = hashText(identity);
    const { random } = Math;
    const strategy = makeStrategy("weighted_round_robin", { clock, random, start: flow });
    const backends = new Backends(servers, {
      service: undefined,
      clock,
      random,
      flow,
      balancer: new Balancer(strategy),
      breakerRules,
      checkRules: () => ({ interval: 5000, rise: 2, fall: 3 }),
      probe: () => undefined,
      breakerChanged: () => undefined,
      healthChanged: () => undefined,
      keepsFlows: () => true,
      adminChanged: () => undefined,
    });
    this.connector = new Connector({
      clock,
      random,
      memory: { load: () => undefined, save: () => undefined },
      choose: (avoid, keep) => backends.choose(avoid, keep),
      hasAlternative: ({ name }) => backends.hasAlternative(name),
      ended: ({ name }, outcome, lived) => backends.sessionEnded(name, outcome, lived),
      resolve: async (host) => [host],
      pin: async () => undefined,
      newLink: () => ++this.#links,
      dial: (link, { name }) => void this.#dials.push([link, name]),
      retire: () => undefined,
      successor: () => undefined,
      failed: () => undefined,
    });
    this.connector.start();
  }

  get server(): string | undefined {
    return this.connector.current?.endpoint.name;
  }

  /** The servers' answers to what was dialled. */
  answer(): void {
    for (const [link, server] of this.#dials.splice(0)) {
      if (dead.has(server)) {
        this.connector.dialFailed(link, "connection_refused", "");
        continue;
      }
      this.connector.welcomed(link, { id: "aa", epoch: "1", token: "", clusterId: "" });
      this.moves += 1;
    }
  }

  /** Its server is gone. */
  lose(): void {
    const link = this.connector.current?.link;
    if (link !== undefined) this.connector.closed(link, "connection_reset", "");
  }
}

let clients: Client[];

/** Lets the clients do what they do in so many milliseconds. */
async function pass(millis: number): Promise<void> {
  for (let passed = 0; passed < millis; passed += 50) {
    clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
    for (const client of clients) client.answer();
  }
}

function sessions(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { server = "none" } of clients) counts[server] = (counts[server] ?? 0) + 1;
  return counts;
}

/** Three standard deviations of so many draws with this chance. */
function tolerance(draws: number, chance: number): number {
  return 3 * Math.sqrt(draws * chance * (1 - chance));
}

describe("1,000 clients in session mode", () => {
  beforeEach(async () => {
    clock = new FakeClock();
    dead = new Set();
    clients = Array.from({ length: 1000 }, (_, index) => new Client(`laptop-${index}`));
    await pass(100);
  });

  it("spread over three servers by weight", () => {
    const counts = sessions();
    console.log(`1,000 clients, weights 50, 30, 20: ${JSON.stringify(counts)}`);
    for (const [name, weight] of Object.entries(weights)) {
      expect(Math.abs((counts[name] ?? 0) - 10 * weight)).toBeLessThan(tolerance(1000, weight / 100));
    }
  });

  it("of a dead server go to the others by weight within 150 ms, and nobody else moves", async () => {
    const lost = clients.filter(({ server }) => server === "eu-2");
    const before = sessions();
    dead.add("eu-2");
    for (const client of lost) client.lose();
    await pass(150);
    const gained = Object.entries(sessions()).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    console.log(
      `${lost.length} clients of a dead server went elsewhere: ${JSON.stringify(Object.fromEntries(gained))}`,
    );
    expect(sessions()["none"] ?? 0).toBe(0);
    expect(clients.filter((client) => !lost.includes(client)).every(({ moves }) => moves === 1)).toBe(true);
    const toFirst = gained.find(([name]) => name === "eu-1")?.[1] ?? 0;
    expect(Math.abs(toFirst - (lost.length * 50) / 70)).toBeLessThan(tolerance(lost.length, 50 / 70));
  });
});

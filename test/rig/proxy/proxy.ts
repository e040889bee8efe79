import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../../../src/shared/clock.ts";
import { Connection, type ConnectionReport, type Ending, type ServerAddress } from "./connection.ts";
import { changedPlan, plainPlan, type Plan, type PlanChange } from "./plan.ts";

/** A plan for some of the connections that come from now on. */
export interface ConnectionRule {
  name: string;
  /** First connection that gets the plan, counted from 1 when the rule is set; `last` is the nth unless given. */
  nth: number;
  last?: number | undefined;
  plan: PlanChange;
}

export interface ProxyReport {
  readonly accepted: number;
  readonly ended: Readonly<Record<Ending, number>>;
  /** Bytes of connections that have ended and of those that are open. */
  readonly to_server: ConnectionReport["to_server"];
  readonly to_client: ConnectionReport["to_client"];
  readonly open: readonly ConnectionReport[];
  /** Connections that got the plan of each rule. */
  readonly rules: Readonly<Record<string, number>>;
}

function sum(
  reports: readonly ConnectionReport[],
  direction: "to_server" | "to_client",
): ConnectionReport["to_server"] {
  const of = (count: "passed" | "swallowed"): number => reports.reduce((sum, each) => sum + each[direction][count], 0);
  return { passed: of("passed"), swallowed: of("swallowed") };
}

/** A TCP proxy in front of a server that does to its connections what it is told. */
export class ChaosProxy implements AsyncDisposable {
  readonly #server: ServerAddress;
  readonly #clock: Clock;
  readonly #open = new Set<Connection>();
  readonly #rules = new Map<string, { rule: ConnectionRule; seen: number; hits: number }>();
  readonly #ended: Record<Ending, number> = { closed: 0, reset: 0, dial_failed: 0 };
  #past: ConnectionReport = { id: 0, to_server: { passed: 0, swallowed: 0 }, to_client: { passed: 0, swallowed: 0 } };
  #listener: Server | undefined;
  #address: ServerAddress;
  #plan: Plan;
  #accepted = 0;

  private constructor(listen: ServerAddress, server: ServerAddress, plan: PlanChange, clock: Clock) {
    this.#address = listen;
    this.#server = server;
    this.#plan = changedPlan(plainPlan, plan);
    this.#clock = clock;
  }

  /** Listens (on any free port with port 0) and forwards to `server`. */
  static async listen(
    listen: ServerAddress,
    server: ServerAddress,
    plan: PlanChange = {},
    clock: Clock = systemClock,
  ): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(listen, server, plan, clock);
    await proxy.refuse(false);
    return proxy;
  }

  /** Where it listens, or listened last. */
  get address(): ServerAddress {
    return this.#address;
  }

  /** Changes the plan of connections to come, of those that are open, or of both. */
  change(change: PlanChange, which: "new" | "open" | "all" = "all"): void {
    if (which !== "open") this.#plan = changedPlan(this.#plan, change);
    if (which === "new") return;
    for (const connection of this.#open) connection.change(changedPlan(connection.plan, change));
  }

  /** Sets a rule; its plan goes on top of the common one. One of the same name is replaced. */
  rule(rule: ConnectionRule): void {
    this.#rules.set(rule.name, { rule, seen: 0, hits: 0 });
  }

  removeRule(name: string): void {
    this.#rules.delete(name);
  }

  /** While true nobody listens, so that the kernel refuses connections. Open ones stay. */
  async refuse(isRefusing: boolean): Promise<void> {
    if (isRefusing) {
      this.#listener?.close();
      this.#listener = undefined;
    }
    if (isRefusing || this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client));
    this.#listener = listener;
    const listening = Promise.withResolvers<void>();
    listener.once("error", listening.reject).listen(this.#address.port, this.#address.host, listening.resolve);
    await listening.promise;
    this.#address = { host: this.#address.host, port: (listener.address() as AddressInfo).port };
  }

  /** A RST to both sides of every open connection. */
  reset(): void {
    for (const connection of this.#open) connection.reset();
  }

  report(): ProxyReport {
    const open = [...this.#open].map((connection) => connection.report());
    const all = [this.#past, ...open];
    return {
      accepted: this.#accepted,
      ended: { ...this.#ended },
      to_server: sum(all, "to_server"),
      to_client: sum(all, "to_client"),
      open,
      rules: Object.fromEntries([...this.#rules].map(([name, { hits }]) => [name, hits])),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse(true);
    this.reset();
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    const connection = new Connection(this.#accepted, client, this.#planOfNext(), this.#clock);
    this.#open.add(connection);
    void this.#serve(connection);
  }

  async #serve(connection: Connection): Promise<void> {
    const ending = await connection.run(this.#server);
    this.#open.delete(connection);
    this.#ended[ending] += 1;
    const all = [this.#past, connection.report()];
    this.#past = { id: 0, to_server: sum(all, "to_server"), to_client: sum(all, "to_client") };
  }

  #planOfNext(): Plan {
    let plan = this.#plan;
    for (const entry of this.#rules.values()) {
      entry.seen += 1;
      const { nth, last = nth } = entry.rule;
      if (entry.seen < nth || entry.seen > last) continue;
      entry.hits += 1;
      plan = changedPlan(plan, entry.rule.plan);
    }
    return plan;
  }
}

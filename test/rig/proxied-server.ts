import type { Namespace } from "../../src/cli/demo/namespace.ts";
import { ControlledProcess } from "./control/process.ts";
import type { ServerAddress } from "./proxy/connection.ts";
import type { ProxyCommand } from "./proxy/commands.ts";
import type { PlanChange } from "./proxy/plan.ts";
import type { ConnectionRule, ProxyReport } from "./proxy/proxy.ts";

const program = new URL("./proxy/main.ts", import.meta.url);

/** The chaos proxy in a namespace, in front of a server's port; disposal ends it and resets what is open. */
export class ProxiedServer implements AsyncDisposable {
  readonly #process: ControlledProcess<ProxyCommand, ProxyReport>;

  private constructor(process: ControlledProcess<ProxyCommand, ProxyReport>) {
    this.#process = process;
  }

  static async start(
    namespace: Namespace,
    listen: ServerAddress,
    server: ServerAddress,
    plan: PlanChange = {},
  ): Promise<ProxiedServer> {
    const start = namespace.start.bind(namespace, "chaos proxy");
    return new ProxiedServer(await ControlledProcess.start(start, program, { listen, server, plan }));
  }

  /** Changes the plan of connections to come, of those that are open, or of both. */
  async change(plan: PlanChange, which: "new" | "open" | "all" = "all"): Promise<void> {
    await this.#process.send({ do: "plan", plan, for: which });
  }

  /** A plan for the nth connections from now. */
  async rule(rule: ConnectionRule): Promise<void> {
    await this.#process.send({ do: "rule", rule });
  }

  async removeRule(name: string): Promise<void> {
    await this.#process.send({ do: "unrule", name });
  }

  /** While true connections are refused by the kernel. */
  async refuse(refuse: boolean): Promise<void> {
    await this.#process.send({ do: "refuse", refuse });
  }

  /** A RST to both sides of every open connection. */
  async reset(): Promise<void> {
    await this.#process.send({ do: "reset" });
  }

  async report(): Promise<ProxyReport> {
    return await this.#process.send({ do: "report" });
  }

  /** Ends the proxy; the result is its last report. */
  async end(): Promise<ProxyReport> {
    return await this.#process.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

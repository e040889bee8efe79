import { sendUnixDatagram } from "../sys/datagram.ts";

/** Variables by which a service manager says where it listens and when it expects a sign of life (sd_notify(3)). */
export interface ServiceEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  /** The process whose signs of life count; absent: any. */
  readonly WATCHDOG_PID?: string | undefined;
}

/** Tells the service manager how the daemon is (sd_notify(3)). Without one nobody is told. */
export class ServiceManager {
  readonly #socket: string | undefined;
  /** Milliseconds within which it expects the next sign of life; undefined: it expects none. */
  readonly watchdog: number | undefined;
  #status = "";

  constructor(env: ServiceEnvironment, pid: number) {
    this.#socket = env.NOTIFY_SOCKET === "" ? undefined : env.NOTIFY_SOCKET;
    this.watchdog = watchdogOf(env, pid);
  }

  /** The daemon serves, for the first time or again after a reload. */
  ready(status: string): void {
    this.#status = status;
    this.#tell("READY=1", `STATUS=${line(status)}`);
  }

  /** A reload begins; it ends with what is returned, whatever came of it. */
  reloading(status: () => string): Disposable {
    // The manager compares this with its own CLOCK_MONOTONIC, which is not the injected clock's.
    this.#tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    return { [Symbol.dispose]: () => this.ready(status()) };
  }

  /** One line of how it is; told when it differs from the last. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#tell(`STATUS=${line(text)}`);
  }

  /** The end has begun and is over within `milliseconds`, which a long drain needs to be told. */
  stopping(milliseconds: number): void {
    this.#tell("STOPPING=1", "STATUS=stopping", `EXTEND_TIMEOUT_USEC=${Math.ceil(milliseconds) * 1000}`);
  }

  alive(): void {
    this.#tell("WATCHDOG=1");
  }

  /** A message that does not leave has no remedy: the manager, when it waits for it, acts by its own deadline. */
  #tell(...lines: string[]): void {
    if (this.#socket !== undefined) sendUnixDatagram(this.#socket, `${lines.join("\n")}\n`);
  }
}

function watchdogOf(env: ServiceEnvironment, pid: number): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: whose } = env;
  if (usec === undefined || !/^[1-9]\d{0,14}$/.test(usec)) return undefined;
  if (whose !== undefined && whose !== String(pid)) return undefined;
  return Number(usec) / 1000;
}

function line(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}

import { AllArrivals } from "./all-arrivals.ts";
import { bucketWidth } from "../metrics/bucket-slots.ts";
import { linkWidth } from "../metrics/link-slots.ts";
import type { Command, Event } from "./messages.ts";
import { SharedBuckets } from "./shared-buckets.ts";
import { SharedSessions } from "./shared-sessions.ts";
import type { PublishedService } from "./service-messages.ts";
import { threadOf } from "./team.ts";

interface DataThreadsParts {
  readonly count: number;
  /** Links that one thread has places for. */
  readonly linkCapacity: number;
  readonly bucketCapacity: number;
  readonly post: (thread: number, command: Command) => void;
  readonly emit: (event: Event) => void;
}

/** Several data threads of a server as one: every command goes to those that it concerns, their events become those of one. */
export class DataThreads {
  readonly #parts: DataThreadsParts;
  readonly #sessions: SharedSessions;
  readonly #buckets: SharedBuckets;
  readonly #arrivals = new AllArrivals();
  /** Thread of each published service. */
  readonly #homes = new Map<string, number>();
  #listen: Extract<Command, { type: "listen" }> | undefined;
  #listening = 0;

  constructor(parts: DataThreadsParts) {
    this.#parts = parts;
    this.#sessions = new SharedSessions(parts.count, parts.post);
    this.#buckets = new SharedBuckets(parts.post);
  }

  send(command: Command): void {
    const { count, post } = this.#parts;
    switch (command.type) {
      case "listen":
        // The others follow on the port that it has got.
        this.#listen = command;
        return post(0, command);
      case "admit":
        post(threadOf(command.link, count), command);
        return this.#sessions.admitted(command);
      case "refuse":
      case "rewelcome":
      case "retire":
      case "close":
        return post(threadOf(command.link, count), command);
      case "goaway":
        return command.link === undefined ? this.#toAll(command) : post(threadOf(command.link, count), command);
      case "close_session":
        this.#sessions.closed(command.session);
        return this.#toAll(command);
      case "publish":
        return this.#publish(command.seq, command.services);
      case "dial":
      case "probe":
      case "spread":
      case "watch_demand":
        throw new Error(`${command.type} is for a client, which has one data thread`);
      case "limits":
      case "change_limits":
      case "renew":
      case "respec":
      case "client_to_client":
      case "rules":
      case "draining":
      case "tap":
      case "service_kick":
      case "service_cut":
      case "stop":
        return this.#toAll(command);
      case "know":
      case "holders":
      case "bucket_shared":
        throw new Error(`${command.type} is what threads are told of each other here`);
    }
  }

  /** An event of one thread. */
  arrived(thread: number, event: Event): void {
    const { emit, linkCapacity, bucketCapacity } = this.#parts;
    switch (event.type) {
      case "listening":
        return this.#isListening(event.port);
      case "hello":
        return emit({ ...event, slot: event.slot + thread * linkCapacity * linkWidth });
      case "goaway":
      case "closed":
        this.#sessions.linkGone(event.link);
        return emit(event);
      case "bucket":
        this.#buckets.made(thread, event.name, event.slot);
        return emit({ ...event, slot: event.slot + thread * bucketCapacity * bucketWidth });
      case "bucket_gone":
        this.#buckets.gone(thread, event.name);
        return emit({ ...event, slot: event.slot + thread * bucketCapacity * bucketWidth });
      case "arriving":
        return emit({ type: "arriving", ...this.#arrivals.heard(thread, event) });
      case "listen_failed":
      case "refused":
      case "spoofed":
      case "acl_refused":
      case "service_listening":
      case "service_calls":
      case "service_report":
      case "sampled":
      case "captured":
      case "tun_down":
      case "stopped":
        return emit(event);
      case "probed":
      case "connected":
      case "dial_failed":
      case "secured":
      case "welcome":
      case "worn":
      case "pong":
      case "demand":
        throw new Error(`${event.type} is of a client, which has one data thread`);
    }
  }

  #toAll(command: Command): void {
    for (let thread = 0; thread < this.#parts.count; thread += 1) this.#parts.post(thread, command);
  }

  #isListening(port: number): void {
    const { count, post, emit } = this.#parts;
    this.#listening += 1;
    if (this.#listening === 1 && this.#listen !== undefined) {
      for (let thread = 1; thread < count; thread += 1) post(thread, { ...this.#listen, port });
    }
    if (this.#listening === count) emit({ type: "listening", port });
  }

  /** Each service is on one thread, and stays there. */
  #publish(seq: number, services: readonly PublishedService[]): void {
    const names = new Set(services.map(({ name }) => name));
    for (const name of this.#homes.keys()) if (!names.has(name)) this.#homes.delete(name);
    for (const name of names) if (!this.#homes.has(name)) this.#homes.set(name, this.#leastServices());
    for (let thread = 0; thread < this.#parts.count; thread += 1) {
      const own = services.filter(({ name }) => this.#homes.get(name) === thread);
      this.#parts.post(thread, { type: "publish", seq, services: own });
    }
  }

  #leastServices(): number {
    const counts = Array.from({ length: this.#parts.count }, () => 0);
    for (const thread of this.#homes.values()) counts[thread]! += 1;
    return counts.indexOf(Math.min(...counts));
  }
}

import { backendVerbs } from "./backend-verbs.ts";
import { daemonVerbs } from "./daemon-verbs.ts";
import type { OptionName } from "./options.ts";
import { rateVerbs } from "./rate-verbs.ts";
import { readVerbs } from "./read-verbs.ts";
import { trustVerbs } from "./trust-verbs.ts";
import type { Verb } from "./verb.ts";

/** Options that every verb takes, and those of each kind. */
export const everyVerb: readonly OptionName[] = ["socket", "url", "token-file", "json", "timeout", "help"];
const ofKind: Readonly<Record<Verb["kind"], readonly OptionName[]>> = {
  read: ["watch", "interval"],
  act: ["dry-run", "yes"],
  other: [],
};

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
  ...readVerbs,
  {
    name: "version",
    kind: "other",
    does: "versions of this command and of the daemon",
    example: "version",
    run: async (context) => (await import("./version.ts")).version(context),
  },
  ...daemonVerbs,
  ...trustVerbs,
  ...backendVerbs,
  ...rateVerbs,
  {
    name: "capture",
    kind: "other",
    does: "inner packets as they cross the links, as a pcap file for tcpdump, tshark or Wireshark",
    options: ["session", "write", "for"],
    example: "capture -w packets.pcap --for 30s",
    run: async (context) => (await import("./capture.ts")).capture(context),
  },
  {
    name: "record",
    kind: "other",
    does: "write what the daemon tells to a file, for `top --replay`, until --for has passed or Ctrl-C",
    arguments: ["FILE"],
    options: ["for"],
    example: "record incident.jsonl --for 10m",
    run: async (context) => (await import("./record.ts")).record(context),
  },
  {
    name: "wait",
    kind: "other",
    does: "wait until something is so; --timeout is for all of it, default 60s",
    options: ["for"],
    example: "wait --for drained=eu-1 --timeout 30s",
    run: async (context) => (await import("./wait.ts")).wait(context),
  },
];

/** The options that a verb takes. */
export function optionsOf(verb: Verb): readonly OptionName[] {
  return [...everyVerb, ...ofKind[verb.kind], ...(verb.options ?? [])];
}

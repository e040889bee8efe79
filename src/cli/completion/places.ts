import { optionRows } from "../ctl/options.ts";
import type { Verb } from "../ctl/verb.ts";
import { optionsOf, verbs } from "../ctl/verbs.ts";
import { programs } from "../programs.ts";
import { type CommandOption, type CommandRow, commandRows } from "./command-table.ts";

/** What the daemon knows names of. */
export const liveKinds = ["backends", "connections", "sessions", "buckets", "identities"] as const;
export type LiveKind = (typeof liveKinds)[number];

/** Where the words for an argument or a value come from. */
export type Source =
  | { readonly kind: "files" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Names that the daemon has now. */
  | { readonly kind: "live"; readonly of: readonly LiveKind[] };

export interface Word {
  readonly word: string;
  readonly does: string;
}

/** One place on the command line, and what may stand there. */
export interface Place {
  /** The subcommand and its verb: "", "ctl", "ctl drain". */
  readonly path: string;
  readonly words: readonly Word[];
  /** Of its arguments, in their order. */
  readonly arguments: readonly (Source | undefined)[];
  /** Values of its options: `--role` → server, client. Undefined: something that can't be listed. */
  readonly values: ReadonlyMap<string, Source | undefined>;
}

const conditions = ["ready", "drained", "state=", "drained=", "up=", "breaker-closed="];

/** By the word that stands for an argument or a value in help. */
const sources: Readonly<Record<string, Source>> = {
  PATH: { kind: "files" },
  FILE: { kind: "files" },
  DIR: { kind: "files" },
  ROLE: { kind: "words", words: ["server", "client"] },
  COUNT: { kind: "words", words: ["1", "2"] },
  WHAT: { kind: "words", words: conditions },
  LEVEL: { kind: "words", words: ["trace", "debug", "info", "warn", "error", "fatal"] },
  "N|auto": { kind: "words", words: ["auto"] },
  "RATE|unlimited|auto": { kind: "words", words: ["unlimited", "auto"] },
  BACKEND: { kind: "live", of: ["backends"] },
  SESSION: { kind: "live", of: ["sessions"] },
  BUCKET: { kind: "live", of: ["buckets"] },
  IDENTITY: { kind: "live", of: ["identities"] },
  "CONNECTION|SESSION": { kind: "live", of: ["connections", "sessions"] },
};

function sourceOf(placeholder: string): Source | undefined {
  return sources[placeholder.replaceAll(/[[\]]|…$/g, "")];
}

/** Every place of the command line, from the tables of its programs, verbs and options. */
export function places(): Place[] {
  const words = [...programs].map(([word, { summary }]) => ({ word, does: summary }));
  const pki = commandRows.filter(({ path }) => path[0] === "pki");
  return [
    plain("", [...words, { word: "--version", does: "print the version" }]),
    plain(
      "ctl",
      verbs.map(({ name, does }) => ({ word: name, does })),
    ),
    ...verbs.map(verbPlace),
    plain(
      "pki",
      pki.map(({ path: [, word = ""], does }) => ({ word, does })),
    ),
    ...commandRows.map(commandPlace),
  ];
}

function plain(path: string, words: readonly Word[]): Place {
  return { path, words, arguments: [], values: new Map() };
}

function verbPlace(verb: Verb): Place {
  const options = optionsOf(verb).map((name) => ({ name, ...optionRows[name] }));
  const place = withOptions(`ctl ${verb.name}`, [], options);
  return { ...place, arguments: (verb.arguments ?? []).map(sourceOf) };
}

function commandPlace({ path, words = [], options }: CommandRow): Place {
  return withOptions(
    path.join(" "),
    words.map(([word, does]) => ({ word, does })),
    options,
  );
}

function withOptions(path: string, words: readonly Word[], options: readonly CommandOption[]): Place {
  // What `wait` waits for; other verbs take a duration there.
  const source = (value: string): Source | undefined =>
    value === "WHAT" && path !== "ctl wait" ? undefined : sourceOf(value);
  return {
    path,
    words: [...words, ...options.map(({ name, does }) => ({ word: `--${name}`, does }))],
    arguments: [],
    values: new Map(options.flatMap(({ name, value }) => (value === undefined ? [] : [[`--${name}`, source(value)]]))),
  };
}

/** The `:` line: the grammar of `sssonector ctl`. Reading verbs choose a tab, acting ones open their dialog. */
import { logLevelNames } from "../../shared/control/log-line.ts";
import { tabOrder, tables } from "../tables/index.ts";
import type { TabName } from "../tables/table.ts";
import { type ActionName, actions, type Args } from "./actions.ts";
import { openCapture } from "./capture.ts";
import { type CommandArgs, optionOf, parseWords } from "./command-words.ts";
import { openDialog, openOrder, whyNotAtAll } from "./dialog.ts";
import { keepChanges, weightOf } from "./edit.ts";
import { type Step, step } from "./message.ts";
import { rateOf } from "./rate-edit.ts";
import type { State } from "./state.ts";

type Place =
  | "backend"
  | "bucket"
  | "rate"
  | "breaker"
  | "connection"
  | "session"
  | "identity"
  | "weight"
  | "level"
  | "column";

interface Command {
  readonly name: string;
  /** What its words are names of. */
  readonly places: readonly Place[];
  readonly options: readonly string[];
  run(state: State, words: readonly string[], args: CommandArgs): Step;
}

const commandLength = 200;

/** Without a name an act is for the daemon; ctl's `drain` and `ready` do the same. */
const daemonToo: ReadonlySet<ActionName> = new Set(["drain", "ready"]);

/** Acts that a command gives its words to; the rest take none. */
const places: Readonly<Partial<Record<ActionName, readonly Place[]>>> = {
  kick: ["connection"],
  drain: ["backend"],
  ready: ["backend"],
  maint: ["backend"],
  set_weight: ["backend", "weight"],
  set_rate: ["bucket", "rate"],
  reset_breaker: ["breaker"],
  open_breaker: ["breaker"],
  close_breaker: ["breaker"],
  revoke: ["identity"],
  allow: ["identity"],
  log_level: ["level"],
};

const options: Readonly<Partial<Record<ActionName, readonly string[]>>> = {
  kick: ["--reason"],
  drain: ["--deadline"],
  set_weight: ["--confirm-within"],
  set_rate: ["--burst", "--for", "--confirm-within"],
  reset_breaker: ["--all"],
  open_breaker: ["--for"],
};

/** Words that are values and no names of rows. */
const valuePlaces: ReadonlySet<Place> = new Set(["weight", "rate", "level"]);

/** The arguments with the weight, the rate or the level that the command names; a text is what is wrong with it. */
function withValue(action: ActionName, value: string, args: Args): Args | string {
  if (action === "set_weight") {
    const weight = weightOf({ text: value });
    return weight === undefined ? "set-weight needs a number or auto" : { ...args, weight };
  }
  if (action === "log_level") {
    const level = logLevelNames.find((name) => name === value);
    return level === undefined ? `log-level needs one of ${logLevelNames.join(" ")}` : { ...args, level };
  }
  if (action !== "set_rate") return args;
  const rate = rateOf({ text: value });
  if (rate === undefined) return "set-rate needs a rate, as in 50mbit, or auto";
  if (args.burst !== undefined && (rate === "auto" || rate.kind !== args.burst.kind || args.burst.amount < 1)) {
    return "--burst is a size for a rate of bytes, and a number for one of packets";
  }
  return { ...args, rate };
}

function act(action: ActionName): Command {
  const wanted = places[action] ?? [];
  const run = (state: State, words: readonly string[], args: Args): Step => {
    const refused = whyNotAtAll(state);
    if (refused !== undefined) return notice(state, refused);
    if (action === "confirm") return keepChanges(state);
    if (args.all === true && words.length > 0) return notice(state, "--all takes no name");
    if (wanted.length === 0) return openDialog(action, state, args);
    const named = wanted[0] !== undefined && !valuePlaces.has(wanted[0]);
    const [target, value] = named ? words : ["", words[0]];
    if (target === undefined && args.all !== true && !daemonToo.has(action))
      return notice(state, `${actions[action].verb} needs a name`);
    const valued = withValue(action, value ?? "", args);
    return typeof valued === "string"
      ? notice(state, valued)
      : openOrder({ action, targets: [target ?? ""], args: valued }, state);
  };
  return { name: actions[action].verb, places: wanted, options: options[action] ?? [], run };
}

/** Hides the named columns of the tab, or shows them again; without a name all of them. */
function chooseColumns(state: State, words: readonly string[]): Step {
  const known = new Set(tables[state.tab].columns.map(({ key }) => key));
  const unknown = words.find((word) => !known.has(word));
  if (unknown !== undefined) return notice(state, `no column ${unknown}: ${[...known].join(" ")}`);
  const names = new Set(state.hidden[state.tab]);
  for (const word of words) if (!names.delete(word)) names.add(word);
  return step({ ...state, hidden: { ...state.hidden, [state.tab]: words.length === 0 ? [] : [...names] } });
}

function tab(name: TabName): Command {
  return { name, places: [], options: [], run: (state) => step({ ...state, tab: name }) };
}

/** Verbs of ctl that show something for which there is no tab. */
export const readings: readonly string[] = [
  "status",
  "health",
  "certificates",
  "config",
  "metrics",
  "snapshot",
  "version",
];

function reading(verb: string): Command {
  const run = (state: State): Step =>
    state.setup.recording === undefined
      ? step({ ...state, mode: { kind: "text", verb, lines: undefined, top: 0 } }, { kind: "read", verb })
      : notice(state, "this is a recording");
  return { name: verb, places: [], options: [], run };
}

const commands: readonly Command[] = [
  ...tabOrder.map(tab),
  ...readings.map(reading),
  ...(Object.keys(actions) as ActionName[]).map(act),
  {
    name: "capture",
    places: [],
    options: ["--write", "--session", "--for"],
    run: (state, _words, args) => openCapture(state, args),
  },
  { name: "columns", places: ["column"], options: [], run: chooseColumns },
  { name: "quit", places: [], options: [], run: (state) => step(state, { kind: "quit" }) },
];

export const commandNames: readonly string[] = commands.map(({ name }) => name);

function notice(state: State, text: string): Step {
  return step({ ...state, notice: text });
}

export function typeCommand(state: State, text: string): State {
  if (state.mode.kind !== "command") return state;
  const next = state.mode.text + text;
  return next.length > commandLength ? state : { ...state, mode: { kind: "command", text: next } };
}

export function eraseCommand(state: State): State {
  if (state.mode.kind !== "command") return state;
  const { text } = state.mode;
  return { ...state, mode: text === "" ? { kind: "browse" } : { kind: "command", text: text.slice(0, -1) } };
}

/** Runs what was typed: a whole command, or the only one that begins so. */
export function runCommand(state: State): Step {
  if (state.mode.kind !== "command") return step(state);
  const [name = "", ...words] = state.mode.text.split(/\s+/).filter((word) => word !== "");
  const browsing: State = { ...state, mode: { kind: "browse" } };
  if (name === "") return step(browsing);
  const exact = commands.find((command) => command.name === name);
  const begun = commands.filter((command) => command.name.startsWith(name));
  const command = exact ?? (begun.length === 1 ? begun[0] : undefined);
  if (command === undefined) return notice(browsing, begun.length > 1 ? `${name}: which one?` : `no command ${name}`);
  const parsed = parseWords(words, command);
  return typeof parsed === "string" ? notice(browsing, parsed) : command.run(browsing, parsed.words, parsed.args);
}

/** Options whose values are names. */
const optionPlaces: Readonly<Record<string, Place>> = { "--session": "session" };

function namesFor(place: Place | undefined, { snapshot, tab }: State): readonly string[] {
  if (snapshot === undefined || place === undefined) return [];
  if (place === "weight") return ["auto"];
  if (place === "level") return logLevelNames;
  if (place === "session") return snapshot.sessions.map(({ id }) => id);
  if (place === "rate") return ["auto", "unlimited"];
  if (place === "bucket") return snapshot.buckets.map(({ name }) => name);
  if (place === "column") return tables[tab].columns.map(({ key }) => key);
  if (place === "backend") return snapshot.backends.map(({ name }) => name);
  if (place === "breaker") return snapshot.breakers.map(({ name }) => name);
  if (place === "identity") return [...new Set(snapshot.sessions.map(({ identity }) => identity))];
  return [...snapshot.connections.map(({ id }) => id), ...snapshot.sessions.map(({ id }) => id)];
}

/** What the last word of the command could become. */
export function candidates(state: State): readonly string[] {
  if (state.mode.kind !== "command") return [];
  const words = state.mode.text.split(/\s+/);
  const last = words.at(-1) ?? "";
  if (words.length <= 1) return commandNames.filter((name) => name.startsWith(last));
  const command = commands.find(({ name }) => name === words[0]);
  const before = optionOf(words.at(-2) ?? "");
  const place = before.startsWith("--") ? optionPlaces[before] : command?.places[words.length - 2];
  const names = last.startsWith("--") ? (command?.options ?? []) : namesFor(place, state);
  return names.filter((name) => name.startsWith(last));
}

/** Completes the last word as far as all that it could become agree. */
export function complete(state: State): Step {
  if (state.mode.kind !== "command") return step(state);
  const found = candidates(state);
  const [first] = found;
  if (first === undefined) return notice(state, "nothing begins so");
  const common = found.reduce((prefix, name) => sharedStart(prefix, name), first);
  const { text } = state.mode;
  const head = text.slice(0, text.length - (text.split(/\s+/).at(-1) ?? "").length);
  const next = `${head}${common}${found.length === 1 ? " " : ""}`;
  return step({ ...state, mode: { kind: "command", text: next } });
}

function sharedStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}

import type { Place, Source } from "./places.ts";

/** The places in the form in which every shell's script asks for them. */
export interface ScriptTable {
  readonly places: readonly Place[];
  /** Options with a value. */
  readonly valued: readonly string[];
  /** "PLACE OPTION" with a `*` for "anywhere", and where the option's values come from; the first that fits counts. */
  readonly values: readonly (readonly [pattern: string, source: Source])[];
}

export function scriptTable(places: readonly Place[]): ScriptTable {
  const valued = [...new Set(places.flatMap(({ values }) => [...values.keys()]))].toSorted();
  return { places, valued, values: valued.flatMap((option) => valuesOf(places, option)) };
}

function valuesOf(places: readonly Place[], option: string): ScriptTable["values"] {
  const having = places.filter(({ values }) => values.has(option));
  const sources = having.map(({ values }) => values.get(option));
  const [first] = sources;
  if (first !== undefined && sources.every((source) => source === first)) return [[`* ${option}`, first]];
  return having.flatMap(({ path, values }) => {
    const source = values.get(option);
    return source === undefined ? [] : [[`${path} ${option}`, source] as const];
  });
}

/** How scripts name a source: "files", "words a b", "live backends sessions". */
export function sourceKey(source: Source): string {
  if (source.kind === "files") return "files";
  if (source.kind === "words") return `words ${source.words.join(" ")}`;
  return `live ${source.of.join(" ")}`;
}

/** The commands of `case` for each place and argument: "ctl kick/0". */
export function argumentRows(places: readonly Place[]): (readonly [key: string, source: Source])[] {
  return places.flatMap(({ path, arguments: all }) =>
    all.flatMap((source, at) => (source === undefined ? [] : [[`${path}/${at}`, source] as const])),
  );
}

/** Lines of a script, `by` spaces in. */
export function indented(by: number, lines: readonly string[]): string {
  return lines.map((line) => `${" ".repeat(by)}${line}\n`).join("");
}

/** A pattern of `case` in which only `*` is special. */
export function glob(pattern: string): string {
  const parts = pattern.split("*").map((part) => (part === "" ? "" : `"${part}"`));
  return parts.join("*");
}

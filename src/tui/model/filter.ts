/**
 * The filter's grammar: terms with blanks between, all of which must hold. `word` occurs somewhere in the row, `!word`
 * does not; `column=value`, `column!=value`, `column>number` and `column<number` look at one column.
 */
import type { TableRow } from "../tables/table.ts";

type Term = (row: TableRow) => boolean;

const comparison = /^([a-z_]+)(!=|>=|<=|=|>|<)(.*)$/;
const factors: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `50`, `1.5k`, `50M`, `2G` with or without `b/s`, `ms` or `%` behind; undefined: no number. */
export function filterNumber(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:ms|s|%|([kmgt]?)(?:b\/s|bit)?)$/i.exec(text);
  const factor = factors[match?.[2]?.toLowerCase() ?? ""];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

function word(text: string): Term {
  return (row) => row.words().includes(text);
}

function equals(value: string): (field: number | string) => boolean {
  const number = filterNumber(value);
  return (field) => (typeof field === "number" ? field === number : field.toLowerCase() === value);
}

function compared(sign: string, value: string): ((field: number | string) => boolean) | undefined {
  if (sign === "=") return equals(value);
  if (sign === "!=") return (field) => !equals(value)(field);
  const number = filterNumber(value);
  if (number === undefined) return undefined;
  return (field) => {
    if (typeof field !== "number") return false;
    if (sign === ">") return field > number;
    if (sign === "<") return field < number;
    return sign === ">=" ? field >= number : field <= number;
  };
}

function term(text: string): Term | undefined {
  const match = comparison.exec(text);
  if (match === null) {
    if (!text.startsWith("!")) return word(text);
    return text === "!" ? undefined : (row) => !word(text.slice(1))(row);
  }
  const [, column = "", sign = "", value = ""] = match;
  const holds = value === "" ? undefined : compared(sign, value);
  // Half typed: it holds nothing back yet.
  if (holds === undefined) return undefined;
  return (row) => {
    const field = row.field(column);
    return field === undefined ? word(text)(row) : holds(field);
  };
}

/** Whether a row passes the filter. */
export function matcher(filter: string): (row: TableRow) => boolean {
  const terms = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((text) => text !== "")
    .map(term)
    .filter((one) => one !== undefined);
  return (row) => terms.every((holds) => holds(row));
}

import type { Line, Tone } from "./line.ts";

/** Writes a line with the terminal's own means; `stale` draws all of it as old. */
export type Paint = (line: Line, stale?: boolean) => string;

/** How many colours may be used: none (NO_COLOR), the 16 of every terminal, or the 256 of most. */
export type ColourDepth = 0 | 16 | 256;

/** SGR parameters (ECMA-48) for each tone. Without colour only weight and reversal are left, and words and signs. */
const styles: Record<ColourDepth, Record<Tone, string>> = {
  0: {
    text: "",
    strong: "1",
    dim: "",
    faint: "",
    rx: "",
    tx: "",
    good: "",
    warn: "1",
    critical: "1;7",
    key: "1",
    selected: "7",
    button: "1;7",
    banner: "7",
  },
  16: {
    text: "",
    strong: "1",
    dim: "2",
    faint: "2",
    rx: "94",
    tx: "33",
    good: "94",
    warn: "33",
    critical: "1;7;33",
    key: "1;94",
    selected: "7",
    button: "1;7",
    banner: "7;33",
  },
  256: {
    text: "",
    strong: "1",
    dim: "38;5;246",
    faint: "38;5;240",
    rx: "38;5;75",
    tx: "38;5;215",
    good: "38;5;110",
    warn: "38;5;215",
    critical: "1;38;5;232;48;5;208",
    key: "1;38;5;117",
    selected: "38;5;231;48;5;24",
    button: "1;38;5;232;48;5;215",
    banner: "38;5;232;48;5;215",
  },
};

/** On a light background: darker tones of the same two hues. */
const light: Record<Tone, string> = {
  text: "",
  strong: "1",
  dim: "38;5;240",
  faint: "38;5;246",
  rx: "38;5;25",
  tx: "38;5;130",
  good: "38;5;25",
  warn: "38;5;130",
  critical: "1;38;5;231;48;5;130",
  key: "1;38;5;25",
  selected: "38;5;16;48;5;153",
  button: "1;38;5;231;48;5;25",
  banner: "38;5;231;48;5;130",
};

/** Blue and orange on a dark background, the same on a light one, or no colours at all. */
export const themes = ["orange", "light", "plain"] as const;
export type Theme = (typeof themes)[number];

export function isTheme(value: unknown): value is Theme {
  return themes.some((theme) => theme === value);
}

function tonesOf(theme: Theme, depth: ColourDepth): Record<Tone, string> {
  if (theme === "plain") return styles[0];
  return theme === "light" && depth === 256 ? light : styles[depth];
}

/** What a stale frame is drawn in, so that nobody takes it for live. */
const staleStyle: Record<ColourDepth, string> = { 0: "2", 16: "2", 256: "38;5;240" };

/** The depth that the environment asks for (https://no-color.org, COLORTERM, TERM). */
export function colourDepth(env: Readonly<Record<string, string | undefined>>): ColourDepth {
  if ((env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return 0;
  const many = /256|truecolor|24bit|kitty|ghostty|direct/;
  return many.test(env["COLORTERM"] ?? "") || many.test(env["TERM"] ?? "") ? 256 : 16;
}

export function painter(depth: ColourDepth, theme: Theme = "orange"): Paint {
  const table = tonesOf(theme, depth);
  return (line, stale = false) => {
    let out = "";
    let open = "";
    for (const { text, tone } of line) {
      const style = stale ? staleStyle[theme === "plain" ? 0 : depth] : table[tone];
      // Blanks look the same in every colour of letters: fewer changes are fewer bytes, and less for Ink to take apart.
      const same = style === open || (showsNothing(text) && onlyLetters(style) && onlyLetters(open));
      if (text !== "" && !same) {
        if (open !== "") out += reset;
        if (style !== "") out += `\u001b[${style}m`;
        open = style;
      }
      out += text;
    }
    if (open !== "") out += reset;
    return out === "" ? " " : out;
  };
}

const reset = "\u001b[0m";

function showsNothing(text: string): boolean {
  return text.trim() === "";
}

/** Whether a style leaves the background as it is. */
function onlyLetters(style: string): boolean {
  return !/(^|;)(7|48)(;|$)/.test(style);
}

/** Keys out of Ink's input events, which merge repeats: "jjj" is one event. */

/** A key: a name such as `up`, `enter` or `ctrl+c`, or the grapheme that it types. */
export interface Key {
  readonly name: string;
  /** What it adds to a text; absent for keys that type nothing. */
  readonly text?: string;
}

/** The part of Ink's key that this layer reads (ink/build/hooks/use-input.d.ts). */
export interface InkKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageDown: boolean;
  readonly pageUp: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly tab: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly meta: boolean;
}

const named = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "escape"],
  ["backspace", "backspace"],
  ["delete", "backspace"],
] as const;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function keysOf(input: string, key: InkKey): Key[] {
  if (key.tab) return [{ name: key.shift ? "shift+tab" : "tab" }];
  const name = named.find(([flag]) => key[flag]);
  if (name !== undefined) return [{ name: name[1] }];
  if (key.ctrl) return input === "" ? [] : [{ name: `ctrl+${input}` }];
  if (key.meta) return [];
  return Array.from(graphemes.segment(input), ({ segment }) => ({ name: segment, text: segment }));
}

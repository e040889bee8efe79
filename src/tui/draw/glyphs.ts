/** The signs that a terminal is asked to draw; each is one cell wide. No emoji. */
export interface Glyphs {
  readonly ascii: boolean;
  readonly rule: string;
  readonly side: string;
  readonly corners: readonly [string, string, string, string];
  readonly separator: string;
  readonly cursor: string;
  readonly mark: string;
  /** The operator's own connection. */
  readonly own: string;
  readonly live: string;
  readonly stale: string;
  readonly warning: string;
  readonly critical: string;
  readonly info: string;
  readonly up: string;
  readonly down: string;
  readonly cut: string;
  readonly caret: string;
  readonly none: string;
  /** Heights of a one-line graph, lowest first. */
  readonly levels: readonly string[];
}

export const unicodeGlyphs: Glyphs = {
  ascii: false,
  rule: "─",
  side: "│",
  corners: ["╭", "╮", "╰", "╯"],
  separator: "│",
  cursor: "▌",
  mark: "■",
  own: "◆",
  live: "●",
  stale: "○",
  warning: "▲",
  critical: "■",
  info: "·",
  up: "▴",
  down: "▾",
  cut: "…",
  caret: "▏",
  none: "–",
  levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

export const asciiGlyphs: Glyphs = {
  ascii: true,
  rule: "-",
  side: "|",
  corners: ["+", "+", "+", "+"],
  separator: "|",
  cursor: ">",
  mark: "+",
  own: "@",
  live: "*",
  stale: "o",
  warning: "!",
  critical: "#",
  info: ".",
  up: "^",
  down: "v",
  cut: "~",
  caret: "_",
  none: "-",
  levels: ["_", ".", "-", "=", "+", "*", "%", "#"],
};

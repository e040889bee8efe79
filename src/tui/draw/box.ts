import type { Glyphs } from "./glyphs.ts";
import { fit, type Line, seg, type Segment, width } from "./line.ts";

/** A horizontal rule with something set into its left end and, where there is room for it, into its right end. */
export function rule(left: Line, right: Line, columns: number, glyphs: Glyphs): Line {
  const room = columns - width(left) - width(right) - 2;
  if (room < 1 && width(right) > 0) return rule(left, [], columns, glyphs);
  if (room < 1) return fit([seg(glyphs.rule, "faint"), ...left], columns);
  return [
    seg(glyphs.rule, "faint"),
    ...left,
    seg(glyphs.rule.repeat(room), "faint"),
    ...right,
    seg(glyphs.rule, "faint"),
  ];
}

function edge(ends: readonly [string, string], left: Line, right: Line, columns: number, glyphs: Glyphs): Line {
  const inner = rule(left, right, Math.max(0, columns - 2), glyphs);
  return [seg(ends[0], "faint"), ...inner, seg(ends[1], "faint")];
}

function set(parts: readonly Segment[]): Line {
  return parts.length === 0 ? [] : [seg(" "), ...parts, seg(" ")];
}

/** What is set into the edges of a box. */
export interface Edges {
  /** Upper left. */
  readonly title: Line;
  /** Upper right. */
  readonly remark?: Line;
  /** Lower left and right. */
  readonly foot?: readonly [Line, Line];
}

/** A light box `columns` wide around `lines`. */
export function box(edges: Edges, lines: readonly Line[], columns: number, glyphs: Glyphs): Line[] {
  const { title, remark = [], foot: [footLeft, footRight] = [[], []] } = edges;
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners;
  const side = seg(glyphs.side, "faint");
  return [
    edge([topLeft, topRight], set(title), set(remark), columns, glyphs),
    ...lines.map((line) => [side, ...fit(line, Math.max(0, columns - 2)), side]),
    edge([bottomLeft, bottomRight], set(footLeft), set(footRight), columns, glyphs),
  ];
}

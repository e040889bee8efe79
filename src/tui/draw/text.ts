/** Letters and signs that every terminal draws one cell wide: printable ASCII and the Latin letters after it. */
const notDrawable = /[^\x20-\x7e\u00a1-\u00ac\u00ae-\u017f]/gu;

/**
 * Text from outside (peers' names, reasons, addresses) made safe to draw: control, bidirectional, combining and
 * wide characters become `?`, so that one character is one cell, and the rest is cut to `longest`.
 */
export function drawable(text: string, longest: number = 200): string {
  return text.slice(0, longest).replace(notDrawable, "?");
}

/** At most `columns` characters, with a mark where it was cut. */
export function cut(text: string, columns: number, mark: string): string {
  if (text.length <= columns) return text;
  return columns <= mark.length ? text.slice(0, columns) : text.slice(0, columns - mark.length) + mark;
}

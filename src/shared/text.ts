/**
 * Text from a peer as it may be shown on a terminal: control characters, line separators, bidirectional overrides,
 * invisible characters and lone surrogates become "?", and what is longer than `max` characters ends in "…".
 */
export function printable(text: string, max = 64): string {
  const clean = text.toWellFormed().replace(unprintable, "?");
  const characters = Array.from(clean);
  return characters.length <= max ? clean : `${characters.slice(0, Math.max(0, max - 1)).join("")}…`;
}

const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\uFFFD]/gu;

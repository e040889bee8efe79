const prime = 0x01000193;
const offset = 0x811c9dc5;
const golden = 0x9e3779b9;

/** Unsigned 32-bit hash of a text: FNV-1a over its UTF-16 units, finished so that every bit depends on all of it. */
export function hashText(text: string): number {
  let hash = offset;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  return finish(hash);
}

/** A hash of two unsigned 32-bit values that looks independent of each. */
export function mix(first: number, second: number): number {
  return finish(first ^ finish((second + golden) | 0));
}

/** A hash as a number strictly between 0 and 1. */
export function unit(hash: number): number {
  return (hash + 0.5) / 2 ** 32;
}

/** MurmurHash3's finaliser. */
function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Uniform numbers in [0, 1): the same seed gives the same sequence on every machine. */
export type Random = () => number;

/** FNV-1a over the characters, stirred per word so that similar texts give unlike states. */
function seedWord(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const warmUpRounds = 12;

/** The generator sfc32 (Chris Doty-Humphrey, PractRand), seeded by a text. */
export function randomOf(seed: string): Random {
  let [a, b, c, counter] = [seedWord(seed, 1), seedWord(seed, 2), seedWord(seed, 3), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < warmUpRounds; round += 1) next();
  return next;
}

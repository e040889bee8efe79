/** One PEM block. */
export interface PemBlock {
  /** With its BEGIN and END lines. */
  readonly text: string;
  readonly der: Buffer;
}

/** True for PEM given inline in place of a path. */
export function isPem(text: string): boolean {
  return text.trimStart().startsWith("-----BEGIN");
}

/** All blocks of one label, in order; text between blocks is ignored. */
export function pemBlocks(text: string, label: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const bodyStart = at + begin.length;
    const bodyEnd = text.indexOf(end, bodyStart);
    if (bodyEnd < 0) break;
    const block = text.slice(at, bodyEnd + end.length);
    blocks.push({ text: `${block}\n`, der: Buffer.from(text.slice(bodyStart, bodyEnd), "base64") });
    at = bodyEnd;
  }
  return blocks;
}

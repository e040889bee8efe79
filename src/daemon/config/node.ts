import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  Scalar,
  type Node,
  type YAMLMap,
} from "yaml";
import type { Position } from "./problem.ts";

export type Found = Node | undefined;

/** The node itself, or what its alias stands for. */
export function resolved(node: unknown, document: Document): Found {
  if (isAlias(node)) return node.resolve(document);
  return isScalar(node) || isMap(node) || isSeq(node) ? node : undefined;
}

/** The pairs of a map; a name without a value has an empty one, at the name's position. */
export function namesIn(map: YAMLMap, document: Document): { name: string; key: Found; value: Node }[] {
  return map.items.map((pair) => {
    const key = resolved(pair.key, document);
    const name = isScalar(key) ? String(key.value) : kindOf(key);
    return { name, key, value: resolved(pair.value, document) ?? emptyAt(key) };
  });
}

function emptyAt(key: Found): Node {
  const empty = new Scalar(null);
  empty.range = key?.range ?? null;
  return empty;
}

/** The scalar at the end of the names, if there is one. */
export function scalarAt(document: Document, path: readonly string[]): unknown {
  const end = path.reduce<Found>(
    (node, name) => {
      const map = resolved(node, document);
      return isMap(map) ? namesIn(map, document).find((pair) => pair.name === name)?.value : undefined;
    },
    resolved(document.contents, document),
  );
  return isScalar(end) ? end.value : undefined;
}

/** Whether nothing was written, or a name without a value. */
export function isEmpty(node: Found): boolean {
  return node === undefined || (isScalar(node) && node.value === null);
}

/** What was written, as a noun for a message. */
export function kindOf(node: Found): string {
  if (isMap(node)) return "a section";
  if (isSeq(node)) return "a list";
  return isScalar(node) && node.value !== null ? JSON.stringify(node.value) : "nothing";
}

export function positionOf(node: Found, file: string, lines: LineCounter): Position {
  const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

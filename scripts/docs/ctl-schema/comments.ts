import { readFileSync } from "node:fs";

const files = [
  "src/shared/control/snapshot.ts",
  "src/shared/control/protocol.ts",
  "src/shared/control/certificates.ts",
  "src/shared/control/log-line.ts",
  "src/cli/ctl/answers.ts",
];

/** What the sources say of each field, as `Interface.field`; comments of several lines become one. */
export function fieldComments(): ReadonlyMap<string, string> {
  const root = new URL("../../../", import.meta.url);
  return new Map(files.flatMap((file) => [...commentsIn(readFileSync(new URL(file, root), "utf8"))]));
}

function* commentsIn(source: string): Generator<[string, string]> {
  for (const [, name = "", body = ""] of source.matchAll(/^export interface (\w+)[^\n]*\{\n(.*?)^\}/gms)) {
    for (const [, comment = "", field = ""] of body.matchAll(/^ {2}\/\*\*(.*?)\*\/\n {2}"?([\w-]+)"?\??:/gms)) {
      yield [
        `${name}.${field}`,
        comment
          .replaceAll(/\n\s*\*/g, " ")
          .replaceAll(/\s+/g, " ")
          .trim(),
      ];
    }
  }
}

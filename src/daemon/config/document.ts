import { Document, LineCounter, parseDocument, visit } from "yaml";
import type { Problem } from "./problem.ts";

export interface Parsed {
  document: Document;
  lines: LineCounter;
  /** Why it is not one YAML document; the document is of use only without any. */
  problems: Problem[];
}

/** Reads one YAML (or JSON) document, keeping positions; never throws. */
export function parseYaml(text: string, file: string): Parsed {
  const lines = new LineCounter();
  try {
    // Repeated names are found by the reader, which knows their path.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    const faults = [...parserFaults(document), ...aliasFaults(document)];
    return { document, lines, problems: faults.map((fault) => problemAt(fault, file, lines)) };
  } catch (error) {
    // The parser recurses: a document nested thousands deep exhausts its stack.
    const message = `can not be parsed: ${error instanceof Error ? error.message : String(error)}`;
    return { document: new Document(), lines, problems: [problemAt({ at: 0, message }, file, lines)] };
  }
}

interface Fault {
  at: number;
  message: string;
}

function parserFaults(document: Document): Fault[] {
  return [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    at: pos[0],
    message: code === "MULTIPLE_DOCS" ? "holds more than one YAML document" : message,
  }));
}

function aliasFaults(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      faults.push({ at: alias.range?.[0] ?? 0, message: `the alias *${alias.source} has no anchor before it` });
    },
  });
  return faults;
}

function problemAt({ at, message }: Fault, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(at);
  return { code: "config_syntax", file, line: Math.max(line, 1), column: Math.max(col, 1), path: "", message };
}

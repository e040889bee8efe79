import { existsSync, readFileSync } from "node:fs";
import type { DenyFile } from "./access/deny-list.ts";
import { writeAtomically } from "./store/journal.ts";

/** The deny list's place on disk. */
export function denyFile(path: string): DenyFile {
  return {
    read: () => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
    write: (text) => writeAtomically(path, text),
  };
}

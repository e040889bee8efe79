import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { machine } from "./machine.ts";

/** Writes bench/results/DATE-NAME.json with the date and the machine in front. */
export function saveResult(name: string, result: object): void {
  const date = new Date().toISOString();
  const file = resultFile(`${date.slice(0, 10)}-${name}.json`);
  writeFileSync(file, `${JSON.stringify({ date, machine: machine(), ...result }, null, 2)}\n`);
  console.log(`wrote ${path.relative(process.cwd(), file)}`);
}

/** Path of a file in bench/results. */
export function resultFile(name: string): string {
  const directory = path.join(import.meta.dirname, "results");
  mkdirSync(directory, { recursive: true });
  return path.join(directory, name);
}

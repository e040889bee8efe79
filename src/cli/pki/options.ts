import { SssonectorError } from "../../shared/errors.ts";
import { type AltName, checkName, type Endpoint, parseAltName, parseEndpoint } from "./names.ts";

/** The options of the pki commands, as yargs takes them; each value is checked where it enters. */
export const dir = {
  type: "string",
  demandOption: true,
  describe: "the CA's directory",
  coerce: (value: unknown): string => text("dir", value),
} as const;

export const name = {
  type: "string",
  demandOption: true,
  describe: "identity of the certificate",
  coerce: (value: unknown): string => checkName(text("name", value)),
} as const;

export const anyName = {
  type: "string",
  describe: "only this identity",
  coerce: (value: unknown): string | undefined => (value === undefined ? undefined : text("name", value)),
} as const;

export const caName = {
  type: "string",
  default: "SSSonector CA",
  describe: "common name of the CA",
  coerce: (value: unknown): string => checkCommonName(text("name", value)),
} as const;

export const role = {
  choices: ["server", "client"] as const,
  demandOption: true,
  describe: "which end it is for",
} as const;

export const san = {
  type: "string",
  array: true,
  default: [] as string[],
  describe: "dns:HOST or ip:ADDRESS, also several",
  coerce: (values: string[]): AltName[] => values.map(parseAltName),
} as const;

export const days = {
  type: "number",
  default: 365,
  describe: "days of validity, 1 to 3650",
  coerce: (value: unknown): number => checkDays(value),
} as const;

export const endpoint = {
  type: "string",
  array: true,
  demandOption: true,
  describe: "NAME=HOST:PORT of a server, also several",
  coerce: (values: string[]): Endpoint[] => {
    if (values.length === 0) throw new SssonectorError("usage", "--endpoint needs a value");
    return values.map(parseEndpoint);
  },
} as const;

export const output = {
  alias: "o",
  type: "string",
  describe: "file to write, - for standard output; default DIR/NAME.yaml",
  coerce: (value: unknown): string | undefined => (value === undefined ? undefined : text("output", value)),
} as const;

export const force = { type: "boolean", default: false, describe: "replace files that exist" } as const;
export const json = { type: "boolean", default: false, describe: "one JSON object" } as const;

function text(option: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new SssonectorError("usage", `--${option} needs one value`);
}

function checkDays(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 3650) return value;
  throw new SssonectorError("usage", "--days must be a whole number from 1 to 3650");
}

function checkCommonName(value: string): string {
  if (value.length <= 64 && /^[ -~]+$/.test(value)) return value;
  throw new SssonectorError("usage", "--name must be 1 to 64 printable ASCII characters");
}

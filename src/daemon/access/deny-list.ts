import { z } from "zod";
import { describeError, SssonectorError } from "../../shared/errors.ts";
import { isIdentityName } from "../../shared/identity.ts";

export interface Denied {
  readonly identity: string;
  /** Milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

const file: z.ZodType<Denied[]> = z.array(
  z.strictObject({ identity: z.string().refine(isIdentityName), sinceMs: z.number().nonnegative() }),
);

/** Where the list outlives the process. */
export interface DenyFile {
  /** Undefined: there is none yet. */
  read(): string | undefined;
  write(text: string): void;
}

/** Identities that this daemon lets in no more, whatever their certificate says. */
export class DenyList {
  readonly #file: DenyFile;
  #denied: ReadonlyMap<string, Denied>;

  /** @throws SssonectorError access_deny_list: a list that can't be read must not let everybody in */
  constructor(at: DenyFile) {
    this.#file = at;
    this.#denied = byIdentity(readList(at));
  }

  has(identity: string): boolean {
    return this.#denied.has(identity);
  }

  rows(): Denied[] {
    return [...this.#denied.values()];
  }

  /** Adds the identity for good; false when it was there. Throws when the file can't be written: nothing changed then. */
  add(identity: string, sinceMs: number): boolean {
    if (this.has(identity)) return false;
    this.#replace([...this.rows(), { identity, sinceMs }]);
    return true;
  }

  /** Takes the identity off; false when it was not there. Throws as `add` does. */
  remove(identity: string): boolean {
    if (!this.has(identity)) return false;
    this.#replace(this.rows().filter((row) => row.identity !== identity));
    return true;
  }

  #replace(rows: readonly Denied[]): void {
    this.#file.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    this.#denied = byIdentity(rows);
  }
}

function readList(at: DenyFile): readonly Denied[] {
  try {
    const text = at.read();
    return text === undefined ? [] : file.parse(JSON.parse(text));
  } catch (error) {
    throw new SssonectorError("access_deny_list", `the deny list can't be read: ${describeError(error)}`, {
      cause: error,
    });
  }
}

function byIdentity(rows: readonly Denied[]): ReadonlyMap<string, Denied> {
  return new Map(rows.map((row) => [row.identity, row]));
}

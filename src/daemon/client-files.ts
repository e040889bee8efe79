import { lookup } from "node:dns/promises";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { isIP } from "node:net";
import { z } from "zod";
import type { RememberedSession, SessionMemory } from "./pool/session-memory.ts";
import { writeAtomically } from "./store/journal.ts";

// What a client keeps in its state directory.

const rememberedSession: z.ZodType<RememberedSession> = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  epoch: z.string().regex(/^\d{1,20}$/),
  token: z.base64().min(1),
  clusterId: z.string(),
});

/** The session that this client comes back to. */
export function sessionFile(path: string, failed: (error: unknown) => void): SessionMemory {
  return {
    load: () => readJson(path, rememberedSession),
    save(session) {
      try {
        if (session === undefined) rmSync(path, { force: true });
        else writeAtomically(path, JSON.stringify(session));
      } catch (error) {
        // It holds until this process ends.
        failed(error);
      }
    },
  };
}

const knownAddresses = z.record(z.string(), z.array(z.string()));

/** Names to addresses; what was found last is kept on disk for when names no longer resolve. */
export class Resolver {
  readonly #path: string;
  readonly #known: Record<string, string[]>;

  constructor(path: string) {
    this.#path = path;
    this.#known = readJson(path, knownAddresses) ?? {};
  }

  async resolve(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    try {
      const found = (await lookup(host, { all: true })).map(({ address }) => address);
      if (JSON.stringify(this.#known[host]) !== JSON.stringify(found)) {
        this.#known[host] = found;
        writeAtomically(this.#path, JSON.stringify(this.#known));
      }
      return found;
    } catch (error) {
      const known = this.#known[host];
      if (known === undefined || known.length === 0) throw error;
      return known;
    }
  }
}

function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, "utf8"))) : undefined;
  } catch {
    // A damaged file is as good as none: the client begins a new session, or resolves again.
    return undefined;
  }
}

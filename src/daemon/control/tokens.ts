import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Role } from "../../shared/control/protocol.ts";
import { SssonectorError } from "../../shared/errors.ts";

/** A line of `control.tcp.token_file`. */
export interface ControlToken {
  readonly role: Role;
  /** Its line in the file, which names it: nothing ever shows the token. */
  readonly line: number;
  /** SHA-256, so that all are compared at the same length. */
  readonly digest: Buffer;
}

/** 256 bits in hex, or in base64 with or without padding, either alphabet. */
const shape = /^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/;

/**
 * Reads lines `viewer|operator TOKEN`; empty ones and those that start with # are passed over.
 * @throws SssonectorError control_tokens, with the line and without the token
 */
export function parseTokens(text: string): ControlToken[] {
  const tokens = text.split("\n").flatMap((written, at): ControlToken[] => {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) return [];
    const [role, token, more] = line.split(/\s+/);
    if (role !== "viewer" && role !== "operator") throw bad(at, "wants `viewer TOKEN` or `operator TOKEN`");
    if (token === undefined || more !== undefined || !shape.test(token)) {
      throw bad(at, "wants a token of 256 bits, in hex or base64");
    }
    return [{ role, line: at + 1, digest: digestOf(token) }];
  });
  if (tokens.length === 0) throw new SssonectorError("control_tokens", "there is no token in it");
  return tokens;
}

/**
 * Reads the file, which only its owner may be able to read.
 * @throws SssonectorError control_tokens
 */
export function readTokens(path: string): ControlToken[] {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new SssonectorError("control_tokens", `has mode ${shown}, so that others can read it`, {
        next: `chmod 600 ${path}, and make new tokens if it was read`,
      });
    }
    return parseTokens(readFileSync(path, "utf8"));
  } catch (error) {
    const next = error instanceof SssonectorError ? { next: error.next } : {};
    const reason = error instanceof Error ? error.message : String(error);
    throw new SssonectorError("control_tokens", `${path}: ${reason}`, { cause: error, ...next });
  }
}

/** The token that was given, or undefined. Takes the same time for every wrong one. */
export function findToken(tokens: readonly ControlToken[], given: string): ControlToken | undefined {
  const digest = digestOf(given);
  let found: ControlToken | undefined;
  for (const token of tokens) if (timingSafeEqual(token.digest, digest)) found = token;
  return found;
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function bad(at: number, wants: string): SssonectorError {
  return new SssonectorError("control_tokens", `line ${at + 1} ${wants}`);
}

import { expect } from "vitest";
import { type Loaded, parseSettings } from "../../src/daemon/config/load.ts";
import { formatProblem } from "../../src/daemon/config/problem.ts";
import type { Settings } from "../../src/daemon/config/settings.ts";

/** Reads a text as /etc/sssonector/server.yaml, shown as "server.yaml". */
export function read(text: string, env: NodeJS.ProcessEnv = {}): Loaded {
  return parseSettings(text, "server.yaml", "/etc/sssonector", env);
}

/** The problems as `--check-config` prints them; none when the text is right. */
export function problemsOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  const loaded = read(text, env);
  return loaded.kind === "ok" ? [] : loaded.problems.map(formatProblem);
}

export function good(text: string, env: NodeJS.ProcessEnv = {}): Extract<Loaded, { kind: "ok" }> {
  const loaded = read(text, env);
  if (loaded.kind === "bad") throw new Error(loaded.problems.map(formatProblem).join("\n"));
  return loaded;
}

export function settingsOf(text: string, env: NodeJS.ProcessEnv = {}): Settings {
  return good(text, env).settings;
}

/** The least that a server needs, on four lines; more is appended below. */
export const server = `core: {mode: server}
network: {address: 10.8.0.1/16}
tunnel: {listen: "0.0.0.0:8443"}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
`;

/** The least that a client needs. */
export const client = `core: {mode: client}
tunnel: {endpoints: [{name: eu-1, address: "vpn1.example.net:8443"}]}
security: {tls: {cert: a.crt, key: a.key, ca: ca.crt}}
`;

expect(problemsOf(server)).toEqual([]);
expect(problemsOf(client)).toEqual([]);

import { describeError, SssonectorError } from "../shared/errors.ts";
import { loadSettings } from "./config/load.ts";
import { describeProblem } from "./config/problem.ts";
import { type Change, compareSettings } from "./config/reload.ts";
import type { ConfigRow } from "./config/rows.ts";
import type { Settings } from "./config/settings.ts";
import { readTokens } from "./control/tokens.ts";
import { clusterKeysOf } from "./cluster-keys.ts";
import type { ClusterKey } from "./session/token.ts";
import { tlsSetOf } from "./tls-files.ts";
import type { TlsSet } from "./tls/material.ts";

/** What a daemon runs with. */
export interface Running {
  readonly settings: Settings;
  readonly rows: readonly ConfigRow[];
  /** Our own, from the certificate; it stays for the whole run. */
  readonly identity: string;
}

export interface ReloadPlan {
  readonly settings: Settings;
  readonly rows: readonly ConfigRow[];
  readonly tls: TlsSet;
  readonly clusterKeys: readonly ClusterKey[];
  /** Applied by this reload. */
  readonly live: readonly Change[];
  /** Kept as they were until a restart. */
  readonly restart: readonly Change[];
}

export type Planned<T> = { readonly kind: "ok"; readonly plan: T } | { readonly kind: "bad"; readonly message: string };

/** Reads everything that a reload takes and checks it as a start would; nothing is changed yet. */
export function planReload(
  running: Running,
  from: { file: string; env: NodeJS.ProcessEnv; wall: number },
): Planned<ReloadPlan> {
  const next = loadSettings({ file: from.file, cwd: process.cwd(), env: from.env });
  if (next.kind === "bad") return bad(next.problems.map(describeProblem).join("; "));
  const { mode } = running.settings.core;
  if (next.settings.core.mode !== mode) {
    return bad(`config_conflict: core.mode must stay ${mode} until a restart (got ${next.settings.core.mode})`);
  }
  const tls = planCertificates({ ...running, settings: next.settings }, from);
  if (tls.kind === "bad") return tls;
  const keys = planned(() => clusterKeysOf(next.settings));
  if (keys.kind === "bad") return keys;
  const { token_file: file } = next.settings.control.tcp;
  const tokens = planned(() => (file === undefined ? [] : readTokens(file)));
  if (tokens.kind === "bad") return tokens;
  const { live, restart } = compareSettings(running.settings, next.settings);
  const { settings, rows } = next;
  return { kind: "ok", plan: { settings, rows, tls: tls.plan, clusterKeys: keys.plan, live, restart } };
}

/** Reads and checks the certificate files that the settings name, as one set. */
export function planCertificates(running: Running, from: { file: string; wall: number }): Planned<TlsSet> {
  return planned(() => {
    const set = tlsSetOf(running.settings, from.wall, from.file);
    const { identity } = set.material;
    if (identity === running.identity) return set;
    throw new SssonectorError(
      "tls_identity",
      `the certificate is ${identity}'s, and this daemon runs as ${running.identity}`,
      {
        next: `issue one for ${running.identity}, or restart the daemon to run as ${identity}`,
      },
    );
  });
}

function planned<T>(read: () => T): Planned<T> {
  try {
    return { kind: "ok", plan: read() };
  } catch (error) {
    return bad(describeError(error));
  }
}

function bad(message: string): { kind: "bad"; message: string } {
  return { kind: "bad", message };
}

import { describeError, SssonectorError } from "../shared/errors.ts";
import { loadSettings } from "./config/load.ts";
import { describeProblem } from "./config/problem.ts";
import { type Change, compareSettings } from "./config/reload.ts";
import type { ConfigRow } from "./config/rows.ts";
import type { Settings } from "./config/settings.ts";
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
  const { live, restart } = compareSettings(running.settings, next.settings);
  return { kind: "ok", plan: { settings: next.settings, rows: next.rows, tls: tls.plan, live, restart } };
}

/** Reads and checks the certificate files that the settings name, as one set. */
export function planCertificates(running: Running, from: { file: string; wall: number }): Planned<TlsSet> {
  try {
    const plan = tlsSetOf(running.settings, from.wall, from.file);
    const { identity } = plan.material;
    if (identity === running.identity) return { kind: "ok", plan };
    throw new SssonectorError(
      "tls_identity",
      `the certificate is ${identity}'s, and this daemon runs as ${running.identity}`,
      {
        next: `issue one for ${running.identity}, or restart the daemon to run as ${identity}`,
      },
    );
  } catch (error) {
    return bad(describeError(error));
  }
}

function bad(message: string): { kind: "bad"; message: string } {
  return { kind: "bad", message };
}

import type { Clock } from "../../shared/clock.ts";
import { type Loaded, loadSettings } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { isServer, type ServerSettings, type Settings } from "../config/settings.ts";
import type { TlsMaterial, TlsSet } from "../tls/material.ts";
import { checkEndpoint } from "./endpoint.ts";
import { failed, type Finding, ok, thrown, warning } from "./finding.ts";
import { checkCapabilities, checkDevice, checkDirectories, checkTools } from "./host.ts";
import { lookAtDaemon } from "./running.ts";
import { checkFirewall, checkForwarding, checkListen } from "./server-side.ts";

const day = 24 * 3600 * 1000;
const warnDays = 30;

const renewals = {
  certificate: "sssonector pki renew, and copy the new certificate here",
  ca: "make a new CA beside the old one: sssonector pki init, and give both in security.tls.ca for a while",
  crl: "sssonector pki crl, and copy ca.crl here",
} as const;

export interface DiagnoseParts {
  /** The file given with --config. */
  readonly file: string | undefined;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Loads and checks the certificates as the daemon does at its start. Errors: tls_*. */
  loadTls(settings: Settings, file: string): TlsSet;
}

/** Looks for what keeps a daemon of this configuration from starting or from carrying traffic; changes nothing. */
export async function diagnose(parts: DiagnoseParts): Promise<Finding[]> {
  const { file, env } = parts;
  const loaded = loadSettings({ cwd: process.cwd(), env, ...(file === undefined ? {} : { file }) });
  if (loaded.kind === "bad")
    return loaded.problems.map((one) => failed("config", formatProblem(one), "mend the setting"));
  const { settings } = loaded;
  const { snapshot, found: running } = await lookAtDaemon(settings.control.socket);
  const found = [ok("config", `${loaded.file}: ${settings.core.mode} ${settings.core.name}`), ...running];
  // What a running daemon holds can't be tried beside it.
  if (snapshot === undefined) found.push(checkDevice(settings.network.interface));
  found.push(...checkCapabilities(settings), ...(await checkTools(settings)), ...checkDirectories(settings));
  const { material, found: certificates } = checkCertificates(loaded, parts);
  found.push(...certificates);
  if (isServer(settings)) found.push(...(await checkServer(settings, snapshot !== undefined)));
  else found.push(...(await checkServers(settings, material)));
  return found;
}

async function checkServer(settings: ServerSettings, running: boolean): Promise<Finding[]> {
  const found = running ? [] : [await checkListen(settings)];
  return [...found, await checkFirewall(settings), ...(await checkForwarding(settings))];
}

/** A client's: all servers at once, told in the order of the configuration. */
async function checkServers(
  settings: Exclude<Settings, ServerSettings>,
  material: TlsMaterial | undefined,
): Promise<Finding[]> {
  const parts = { settings, material };
  const found = await Promise.all(
    settings.tunnel.endpoints.map(async (endpoint) => await checkEndpoint(endpoint, parts)),
  );
  return found.flat();
}

function checkCertificates(
  { settings, file }: Extract<Loaded, { kind: "ok" }>,
  parts: DiagnoseParts,
): { material: TlsMaterial | undefined; found: Finding[] } {
  let tls: TlsSet;
  try {
    tls = parts.loadTls(settings, file);
  } catch (error) {
    return { material: undefined, found: [thrown("certificate", error)] };
  }
  const daysLeft = (notAfterMs: number): number => Math.floor((notAfterMs - parts.clock.wall()) / day);
  const soon = tls.own.filter(({ notAfterMs }) => daysLeft(notAfterMs) < warnDays);
  const found = soon.map(({ kind, file: from, notAfterMs }) =>
    warning("certificate", `${kind} ${from} expires in ${daysLeft(notAfterMs)} days`, renewals[kind]),
  );
  const { material } = tls;
  const fits = ok("certificate", `${material.identity}: certificate, key, CA and lists fit together and are valid`);
  return { material, found: found.length === 0 ? [fits] : found };
}

/** An option of a subcommand, for completion and man pages. */
export interface CommandOption {
  readonly name: string;
  /** What stands for its value in help; none: the option takes no value. */
  readonly value?: string;
  readonly does: string;
}

/** A subcommand other than `ctl`, whose own tables say it all. A test holds this against what each prints as help. */
export interface CommandRow {
  /** Words after `sssonector`. */
  readonly path: readonly string[];
  readonly does: string;
  /** Words that may stand behind it, each with what it does. */
  readonly words?: readonly (readonly [word: string, does: string])[];
  readonly options: readonly CommandOption[];
}

const help: CommandOption = { name: "help", does: "print help" };
const dir: CommandOption = { name: "dir", value: "DIR", does: "the CA's directory" };
const name: CommandOption = { name: "name", value: "NAME", does: "identity of the certificate" };
const force: CommandOption = { name: "force", does: "replace files that exist" };
const socket: CommandOption = { name: "socket", value: "PATH", does: "the daemon's control socket" };

function pki(verb: string, does: string, ...options: readonly CommandOption[]): CommandRow {
  return { path: ["pki", verb], does, options: [help, dir, ...options] };
}

/** Every subcommand but `ctl`, those of `pki` one by one. */
export const commandRows: readonly CommandRow[] = [
  {
    path: ["top"],
    does: "the console",
    options: [
      socket,
      { name: "replay", value: "FILE", does: "show a recording of sssonector ctl record, or a bundle of this console" },
      { name: "url", value: "URL", does: "control.tcp of the daemon in place of a socket, as in ws://127.0.0.1:7433" },
      {
        name: "token-file",
        value: "FILE",
        does: "file with the token for --url; default: the token in SSSONECTOR_TOKEN",
      },
      { name: "read-only", does: "no actions" },
      { name: "plain", does: "one line per change, for pipes and screen readers" },
      { name: "ascii", does: "no box, block and braille signs" },
      { name: "fps", value: "N", does: "frames a second at most, 1 to 30; default 10" },
      help,
    ],
  },
  pki("init", "make a CA, its CRL and a cluster secret", { ...name, does: "common name of the CA" }, force),
  pki(
    "issue",
    "sign a certificate with a new key",
    { name: "role", value: "ROLE", does: "which end it is for: server or client" },
    name,
    { name: "san", value: "SAN", does: "dns:HOST or ip:ADDRESS, also several" },
    { name: "days", value: "DAYS", does: "days of validity, 1 to 3650; default 365" },
    force,
  ),
  pki("renew", "sign a name's certificate again, with a new key", name),
  pki("revoke", "revoke every certificate of a name", name),
  pki("crl", "sign the CRL again"),
  pki(
    "bundle",
    "write a client's whole configuration",
    name,
    { name: "endpoint", value: "NAME=HOST:PORT", does: "a server, also several" },
    { name: "output", value: "FILE", does: "file to write, - for standard output; default DIR/NAME.yaml" },
    force,
  ),
  pki(
    "show",
    "list what was issued",
    { ...name, does: "only this identity" },
    { name: "json", does: "one JSON object" },
  ),
  {
    path: ["doctor"],
    does: "why a tunnel does not start or carry traffic",
    options: [
      { name: "config", value: "FILE", does: "the configuration" },
      { name: "json", does: "one JSON object" },
      help,
    ],
  },
  {
    path: ["demo"],
    does: "servers, a client and a service between namespaces",
    options: [
      { name: "servers", value: "COUNT", does: "1 or 2; default 2" },
      { name: "duration", value: "DURATION", does: "at least 15s; default 30s" },
      { name: "plain", does: "no console" },
      help,
    ],
  },
  {
    path: ["completion"],
    does: "completion for bash, zsh or fish",
    words: [
      ["bash", "print the completion for bash"],
      ["zsh", "print the completion for zsh"],
      ["fish", "print the completion for fish"],
    ],
    options: [help],
  },
];

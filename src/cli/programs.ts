/** A subcommand: its arguments in, its exit code out. */
export interface Program {
  run(args: readonly string[]): Promise<number>;
}

/** Each subcommand loads only what it needs: `ctl` has to start in milliseconds. */
export const programs: ReadonlyMap<string, { summary: string; load: () => Promise<Program> }> = new Map([
  ["top", { summary: "the console", load: () => import("../tui/main.ts") }],
  ["ctl", { summary: "ask and steer a running daemon", load: () => import("./ctl/main.ts") }],
  [
    "pki",
    { summary: "certificates: init, issue, revoke, renew, crl, bundle, show", load: () => import("./pki/main.ts") },
  ],
  ["doctor", { summary: "why a tunnel does not start or carry traffic", load: () => import("./doctor/main.ts") }],
  [
    "demo",
    {
      summary: "servers, a client and a service between namespaces; one server is killed, one drained",
      load: () => import("./demo/main.ts"),
    },
  ],
  ["completion", { summary: "completion for bash, zsh or fish", load: () => import("./completion/main.ts") }],
]);

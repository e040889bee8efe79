import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority, type Credentials } from "../../src/cli/demo/authority.ts";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab, serverName } from "../../src/cli/demo/lab.ts";
import type { Namespace } from "../../src/cli/demo/namespace.ts";
import { forge } from "./harness/forge.ts";
import { ping, startTraffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

async function strangersAuthority(lab: Lab): Promise<Authority> {
  const directory = path.join(lab.directory, "strangers");
  await mkdir(directory);
  return await Authority.create(path.join(directory, "pki"));
}

/** Certificates by what is wrong with them, made for either role. */
async function badCredentials(lab: Lab, role: "server" | "client"): Promise<Record<string, Credentials>> {
  const { authority } = lab;
  const stranger = await (await strangersAuthority(lab)).issue(role, "stranger");
  const revoked = await authority.issue(role, "revoked");
  await authority.pki("revoke", "--name", "revoked");
  return {
    expired: await forge(authority, "expired", { role, days: -1 }),
    "of another CA": stranger,
    "for the other end": await forge(authority, "other-end", { role: role === "server" ? "client" : "server" }),
    revoked,
    "with NUL in its name": await forge(authority, "nul", { role, uris: [`sssonector:${serverName}\0.evil`] }),
    "with RSA-1024": await forge(authority, "weak", { role, rsaBits: 1024 }),
    "without identity": await forge(authority, "nobody", { role, uris: [] }),
    "with two identities": await forge(authority, "both", { role, uris: ["sssonector:a", "sssonector:b"] }),
  };
}

const reasons: readonly [what: string, reason: string][] = [
  ["expired", "certificate_expired"],
  ["of another CA", "certificate_untrusted"],
  ["for the other end", "certificate_wrong_usage"],
  ["revoked", "certificate_revoked"],
  ["with NUL in its name", "identity_malformed"],
  ["with RSA-1024", "certificate_weak"],
  ["without identity", "identity_missing"],
  ["with two identities", "identity_ambiguous"],
];

async function events(daemon: DaemonProcess): Promise<string> {
  return (await daemon.ctl("--json", "events")).stdout;
}

function withRevocationList(lab: Lab, credentials: Credentials): Record<string, Record<string, unknown>> {
  return { security: { tls: { ...credentials, crl: path.join(lab.authority.directory, "ca.crl") } } };
}

describeNetns("a client's certificate", () => {
  let lab: Lab;
  let client: DaemonProcess;
  let stranger: { namespace: Namespace; endpoint: string };
  let bad: Record<string, Credentials>;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    await lab.server.reconfigure(withRevocationList(lab, lab.authority.credentials(serverName)));
    client = await lab.client("laptop-ann");
    stranger = await lab.wire("stranger");
    bad = await badCredentials(lab, "client");
    await lab.start(client);
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test.each(reasons)("%s is refused as %s; counter, event and log say so, others carry on", async (what, reason) => {
    const { cert = "", key = "" } = bad[what] ?? {};
    const before = (await lab.server.status()).refused;
    const files = [cert, key, lab.authority.credentials(serverName).ca];
    const peer = lab.use(
      await startTraffic(stranger.namespace, "bad-peer", "no-hello", ...stranger.endpoint.split(":"), ...files),
    );
    expect((await peer.endsSoon()).code, peer.stderr).toBe(0);
    expect(JSON.parse(peer.stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ closed: 1 });
    expect((await lab.server.status()).refused).toEqual({ ...before, [reason]: (before[reason] ?? 0) + 1 });
    expect(await events(lab.server)).toContain(reason);
    expect(lab.server.log()).toContain(reason);
    expect(await ping(client.namespace, lab.inner, 2)).toMatchObject({ received: 2 });
  });

  test("that is not there is refused", async () => {
    const [host, port] = stranger.endpoint.split(":");
    const before = (await lab.server.status()).refused["certificate_missing"] ?? 0;
    const peer = lab.use(await startTraffic(stranger.namespace, "bad-peer", "no-certificate", host ?? "", port ?? ""));
    await peer.endsSoon();
    expect((await lab.server.status()).refused["certificate_missing"]).toBe(before + 1);
  });
});

describeNetns("a server's certificate", () => {
  let lab: Lab;
  let bad: Record<string, Credentials>;

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    bad = await badCredentials(lab, "server");
    bad["of another server"] = await lab.authority.issue("server", "edge-77");
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test.each([...reasons, ["of another server", "identity_mismatch"] as const])(
    "%s is refused as %s by the client; counter, event and log say so",
    async (what, reason) => {
      const { cert = "", key = "" } = bad[what] ?? {};
      const name = `client-${reason.replaceAll("_", "-")}`;
      const { ca } = lab.authority.credentials(serverName);
      const client = await lab.client(name, withRevocationList(lab, lab.authority.credentials(name)));
      const rogue = lab.use(await startTraffic(lab.server.namespace, "rogue-server", "0.0.0.0", 8443, cert, key, ca));
      client.start();
      await client.process.line(new RegExp(`.*${reason}.*`));
      const { refused, state } = await client.status();
      expect(Object.keys(refused)).toEqual([reason]);
      expect(state).not.toBe("ready");
      expect(await events(client)).toContain(reason);
      await client.end("SIGTERM");
      await rogue.end("SIGTERM");
    },
  );
});

describeNetns("a daemon's own certificate", () => {
  const rows: readonly [what: string, code: string, make: (lab: Lab) => Promise<Credentials>][] = [
    ["expired", "tls_expired", async ({ authority }) => await forge(authority, "old", { days: -1 })],
    [
      "of another CA",
      "tls_wrong_ca",
      async (lab) => ({
        ...(await (await strangersAuthority(lab)).issue("client", "x")),
        ca: lab.authority.credentials("x").ca,
      }),
    ],
    [
      "for the other end",
      "tls_wrong_usage",
      async ({ authority }) => await forge(authority, "wrong", { role: "server" }),
    ],
    [
      "with the key of another",
      "tls_key_mismatch",
      async ({ authority }) => ({
        ...(await authority.issue("client", "a")),
        key: (await authority.issue("client", "b")).key,
      }),
    ],
    ["with RSA-1024", "tls_weak_key", async ({ authority }) => await forge(authority, "weak", { rsaBits: 1024 })],
    [
      "whose key others can read",
      "tls_key_exposed",
      async ({ authority }) => {
        const credentials = await authority.issue("client", "open");
        await chmod(credentials.key, 0o644);
        return credentials;
      },
    ],
  ];

  test.each(rows)("%s: the daemon does not start and says %s", async (_what, code, make) => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann", { security: { tls: await make(lab) } });
    const exit = await client.start().endsSoon();
    expect(exit.code, client.log()).toBe(1);
    expect(client.log()).toContain(code);
  });
});

import { expect, test } from "vitest";
import { compareSettings } from "../../src/daemon/config/reload.ts";
import { client, good, server, settingsOf } from "./fixtures.ts";

function inlineKey(text: string, key: string): string {
  return text.replace("key: a.key", `key: "-----BEGIN KEY-----${key}"`);
}

test("no change", () => {
  expect(compareSettings(settingsOf(server), settingsOf(`# a comment\n${server}`))).toEqual({ live: [], restart: [] });
});

test("what a reload applies, and what waits for a restart", () => {
  const before = settingsOf(`${server}monitoring: {logging: {level: info}}\n`);
  const after = settingsOf(
    `${server.replace("/16", "/16, mtu: 9000")}monitoring: {logging: {level: debug}}\naccess: {default: deny}\n`,
  );
  expect(compareSettings(before, after)).toEqual({
    live: [
      { path: "access.default", before: "allow", after: "deny" },
      { path: "monitoring.logging.level", before: "info", after: "debug" },
    ],
    restart: [{ path: "network.mtu", before: 1500, after: 9000 }],
  });
});

test("a list of entries changes as a whole", () => {
  const after = settingsOf(client.replace("vpn1", "vpn2"));
  const { live, restart } = compareSettings(settingsOf(client), after);
  expect(restart).toEqual([]);
  expect(live.map(({ path }) => path)).toEqual(["tunnel.endpoints"]);
  expect(live[0]?.after).toEqual([
    { name: "eu-1", identity: "eu-1", address: "vpn2.example.net:8443", weight: 100, priority: 0 },
  ]);
});

test("a change of the mode needs a restart", () => {
  const { restart } = compareSettings(settingsOf(server), settingsOf(client));
  expect(restart).toContainEqual({ path: "core.mode", before: "server", after: "client" });
});

test("another inline key is a change, though none is shown", () => {
  const { live } = compareSettings(settingsOf(inlineKey(client, "one")), settingsOf(inlineKey(client, "two")));
  expect(live).toEqual([{ path: "security.tls.key", before: "(inline)", after: "(inline)" }]);
});

test("rows tell value, default, source and reload of every setting that the mode has", () => {
  const { rows } = good(inlineKey(server, "MIIabc"));
  const row = (wanted: string): unknown => rows.find(({ key }) => key === wanted);
  expect(row("network.address")).toEqual({
    key: "network.address",
    value: "10.8.0.1/16",
    default: null,
    source: "server.yaml:2:20",
    reload: "restart",
  });
  expect(row("pool.idle_timeout")).toMatchObject({ value: "5m", default: "5m", source: "default", reload: "live" });
  expect(row("network.accept_routes")).toBeUndefined();
  expect(JSON.stringify(rows)).not.toContain("MIIabc");
});

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Forwarding, type ForwardingSettings, openForwarding } from "../../src/daemon/forward/forwarding.ts";
import { parsePrefix } from "../../src/shared/address.ts";
import { SssonectorError } from "../../src/shared/errors.ts";
import { FakeClock } from "../fakes/clock.ts";

let directory: string;
let scripts: string[];
let failure: SssonectorError | undefined;
/** Whether the state directory says so while nft works. */
let notedMeanwhile: boolean[];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "nat-"));
  scripts = [];
  failure = undefined;
  notedMeanwhile = [];
});

afterEach(() => rmSync(directory, { recursive: true }));

const prefixes = ["10.8.0.1/16", "fd00:8::1/48"].flatMap((text) => parsePrefix(text) ?? []);
const note = "nat-tun0.made";

async function open(mode: ForwardingSettings["mode"]): Promise<Forwarding> {
  return await openForwarding(
    { mode, tunnel: "tun0", lan: "eth0", prefixes, stateDirectory: directory },
    {
      clock: new FakeClock(),
      onTaken() {},
      async nft(script) {
        scripts.push(script);
        notedMeanwhile.push(existsSync(path.join(directory, note)));
        if (failure !== undefined) throw failure;
      },
    },
  );
}

const removal = "add table inet sssonector_tun0\ndelete table inet sssonector_tun0\n";

test("the table is made in one piece in place of any other, and removed at the end", async () => {
  const forwarding = await open("nat");
  expect(scripts).toEqual([
    `${removal}table inet sssonector_tun0 {
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.8.0.0/16 oifname "eth0" masquerade
    ip6 saddr fd00:8::/48 oifname "eth0" masquerade
  }
}
`,
  ]);
  expect(readdirSync(directory)).toEqual([note]);
  await forwarding.close();
  expect(scripts.slice(1)).toEqual([removal]);
  expect(notedMeanwhile).toEqual([true, true]);
  expect(readdirSync(directory)).toEqual([]);
});

test.each(["none", "nat"] as const)("what a killed process left is removed by the next, with mode %s", async (mode) => {
  await open("nat");
  scripts = [];
  await open(mode);
  expect(scripts[0]).toBe(removal);
});

test("without nat and without a left-over nft is not needed", async () => {
  failure = new SssonectorError("nft_missing", "no nft");
  await (await open("none")).close();
  expect(scripts).toEqual([]);
});

test("a table that could not be made leaves nothing to be removed", async () => {
  failure = new SssonectorError("nft_missing", "no nft");
  await expect(open("nat")).rejects.toMatchObject({ code: "nft_missing", next: "apt-get install nftables" });
  expect(readdirSync(directory)).toEqual([]);
});

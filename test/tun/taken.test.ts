import { expect, test } from "vitest";
import type { IpCommand } from "../../src/daemon/tun/ip-command.ts";
import { refuseTaken } from "../../src/daemon/tun/taken.ts";

function ipThatAnswers(rows: unknown): IpCommand {
  return { query: async () => rows, batch: async () => [] };
}

test("an address that another interface has is refused with its name", async () => {
  const ip = ipThatAnswers([{}, { ifname: "eth1", addr_info: [{ local: "10.8.0.1" }] }]);
  await expect(refuseTaken(ip, ["10.8.0.1/16"], "tun0")).rejects.toMatchObject({
    code: "host_address_in_use",
    message: "10.8.0.1 is an address of eth1",
  });
});

test.each([[[]], [[{}]], [[{ ifname: "tun0" }]]])("an address that is free or our own is fine (%j)", async (rows) => {
  await expect(refuseTaken(ipThatAnswers(rows), ["10.8.0.1/16"], "tun0")).resolves.toBeUndefined();
});

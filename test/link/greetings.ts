import * as fc from "fast-check";
import { type Address, addressFromBytes } from "../../src/shared/address.ts";
import type { Capabilities, Hello, Welcome } from "../../src/daemon/link/messages.ts";

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString("hex"));

const token = fc
  .uint8Array({ minLength: 1, maxLength: 1024, size: "max" })
  .map((value) => Buffer.from(value).toString("base64"));

const name = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 64 })
  .map((codes) => String.fromCharCode(...codes));

const capabilities: fc.Arbitrary<Capabilities> = fc.record({
  checksum: fc.boolean(),
  tso4: fc.boolean(),
  tso6: fc.boolean(),
  uso: fc.boolean(),
  zstd: fc.boolean(),
});

const address: fc.Arbitrary<Address> = fc
  .constantFrom(4, 16)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }))
  .map(addressFromBytes);

const prefix = address.chain((value) =>
  fc.integer({ min: 0, max: value.family === 4 ? 32 : 128 }).map((length) => ({ address: value, length })),
);

const mtu = fc.integer({ min: 576, max: 65_535 });
const epoch = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const common = {
  version: fc.integer({ min: 0, max: 65_535 }),
  linkIndex: fc.integer({ min: 0, max: 1023 }),
  capabilities,
  mtu,
  epoch,
};

export const anyHello: fc.Arbitrary<Hello> = fc.oneof(
  fc.record({ ...common, intent: fc.constant("new" as const) }),
  fc.record({ ...common, intent: fc.constantFrom("join" as const, "takeover" as const), session: hex(16), token }),
);

export const anyWelcome: fc.Arbitrary<Welcome> = fc.record({
  version: common.version,
  serverId: name,
  bootId: hex(16),
  clusterId: hex(8),
  region: fc.oneof(fc.constant(""), name),
  session: hex(16),
  epoch,
  token,
  addresses: fc
    .array(prefix, { minLength: 1, maxLength: 3 })
    .map((list) => list.map((one) => ({ address: one.address, prefixLength: one.length }))),
  gateways: fc.array(address, { maxLength: 2 }),
  routes: fc.array(prefix, { maxLength: 20 }),
  mtu,
  keepaliveMs: fc.integer({ min: 100, max: 0xffff_ffff }),
  keepaliveMisses: fc.integer({ min: 1, max: 255 }),
  sessionCount: fc.nat(0xffff_ffff),
  takeoverKeepsFlows: fc.boolean(),
  capabilities,
});

import * as fc from "fast-check";
import { makePacket, makeUnit, type Shape } from "./reference.ts";

/** TCP and UDP packets of any shape that the kernel may hand over for cutting. */
export const shapes: fc.Arbitrary<Shape & { readonly size: number }> = fc
  .record({
    version: fc.constantFrom<4 | 6>(4, 6),
    protocol: fc.constantFrom<"tcp" | "udp">("tcp", "udp"),
    options: fc.constantFrom(0, 8, 24),
    tcpOptions: fc.constantFrom(0, 12, 40),
    flags: fc.integer({ min: 0, max: 255 }),
    sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
    id: fc.integer({ min: 0, max: 0xffff }),
    size: fc.integer({ min: 48, max: 1448 }),
    payload: fc.uint8Array({ minLength: 1, maxLength: 3_000, size: "max" }),
  })
  .map((shape) => ({ ...shape, payload: shape.payload.slice(0, shape.size * 128) }));

const virtioGso = { tcp4: 1, tcp6: 4, udp4: 5, udp6: 5 } as const;

/** The unit for a shape as a TUN with offload gives it; `headers` of the kernel may cover payload as well. */
export function unitFor(shape: Shape & { readonly size: number }): {
  unit: Buffer;
  packet: Uint8Array;
  transport: number;
  headers: number;
} {
  const made = makePacket(shape);
  const unit = makeUnit(made.packet, {
    flags: 1,
    gso: virtioGso[`${shape.protocol}${shape.version}`],
    headers: Math.min(made.packet.length, made.headers + 7),
    size: shape.size,
    start: made.transport,
    offset: shape.protocol === "tcp" ? 16 : 6,
  });
  return { unit, ...made };
}

import { randomBytes } from "node:crypto";

const blockLength = 64 * 1024;

/**
 * Blocks of random bytes, `total` in all, no two alike: each begins with its number, so that a checksum also finds
 * blocks that were lost, repeated or swapped. A block is valid until 16 more were taken.
 */
export function* byteBlocks(total: number): Generator<Buffer> {
  const pattern = randomBytes(blockLength);
  const ring = Array.from({ length: 16 }, () => Buffer.from(pattern));
  for (let sent = 0, index = 0; sent < total; sent += blockLength, index += 1) {
    const block = ring[index % ring.length] ?? pattern;
    block.writeBigUInt64BE(BigInt(index));
    yield total - sent < blockLength ? block.subarray(0, total - sent) : block;
  }
}

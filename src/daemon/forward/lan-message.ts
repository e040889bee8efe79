/** A hardware address (6 bytes) or an IP address (4 or 16 bytes) as it lies in a frame. */
export type Bytes = Uint8Array;

/** What a frame says about who has an address on the LAN; everything else that is said there is not ours to hear. */
export type LanMessage =
  /** Somebody looks for the owner of `target`. `asker` is absent in a probe for duplicates. */
  | {
      readonly kind: "asks";
      readonly target: Bytes;
      readonly askerMac: Bytes;
      readonly asker: Bytes | undefined;
    }
  /** `mac` tells everybody, without being asked, that it has `address`. */
  | { readonly kind: "announces"; readonly address: Bytes; readonly mac: Bytes };

export const ethernetLength = 14;
export const macLength = 6;
export const broadcastMac: Bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

/** Bytes 0 to 13 of a frame (IEEE 802.3); `type` is an EtherType. */
export function putEthernet(frame: Buffer, to: Bytes, from: Bytes, type: number): void {
  frame.set(to, 0);
  frame.set(from, macLength);
  frame.writeUInt16BE(type, 2 * macLength);
}

/** A key for maps: two addresses with the same key are the same. */
export function keyOf(address: Bytes): string {
  return Buffer.from(address.buffer, address.byteOffset, address.length).toString("hex");
}

export function sameBytes(one: Bytes, other: Bytes): boolean {
  return Buffer.compare(one, other) === 0;
}

export function allZero(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0);
}

/** `02:00:5e:00:00:01`. */
export function formatMac(mac: Bytes): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * A TUN queue as the packet path sees it. Units on it carry a 10-byte virtio-net header
 * (linux/virtio_net.h, struct virtio_net_hdr, little-endian here) in front of the IP packet.
 * Memory is addressed by a TunBuffer and an offset, so that no object is made per packet.
 */

/** Memory that a TUN can read into and write from; it never moves and lives as long as this object. */
export interface TunBuffer {
  readonly bytes: Buffer;
  /** Address of the first byte, for system calls. */
  readonly address: number;
}

/** What a device can do for us; each flag is one bit of TUNSETOFFLOAD (linux/if_tun.h). */
export interface OffloadFeatures {
  readonly checksum: boolean;
  readonly tso4: boolean;
  readonly tso6: boolean;
  readonly uso: boolean;
}

/** The longest unit: virtio-net header, IPv6 header and 65,535 bytes. A read with less room may cut a unit short. */
export const maxUnitLength: number = 10 + 40 + 65_535;

/** Results of read and write below zero. */
export const wouldBlock = -1;
/** The kernel refused this unit (EINVAL and the like); the device works on. */
export const refused = -2;
/** The device is down or gone (EIO, EBADFD, ENODEV). */
export const deviceDown = -3;

/** Takes units as they come. */
export interface UnitReader {
  /** Where the next unit is to land: room for the longest. Asked for at the start, and after each `landed`. */
  landing(): Buffer;
  /**
   * A unit of `length` bytes lies in the landing, or `length` is refused or deviceDown. Where one is, more may be: `read`
   * gives them without another turn of the event loop.
   */
  landed(length: number): void;
}

export interface TunDevice {
  readonly name: string;
  readonly features: OffloadFeatures;
  /** Allocates memory for this device. */
  allocate(size: number): TunBuffer;
  /** Takes memory that nobody uses any more back. */
  release(buffer: TunBuffer): void;
  /**
   * Reads one unit (header and packet) to `buffer` at `offset`, at most `capacity` bytes.
   * Returns its length, or wouldBlock, refused, deviceDown.
   */
  read(buffer: TunBuffer, offset: number, capacity: number): number;
  /** Writes one unit of `length` bytes (header and packet). Returns length, or wouldBlock, refused, deviceDown. */
  write(buffer: TunBuffer, offset: number, length: number): number;
  /** Gives `reader` each unit that comes, until stopReading, deviceDown or close. */
  startReading(reader: UnitReader): void;
  stopReading(): void;
  close(): void;
}

import { getsockopt, setsockopt } from "./libc.ts";
import { allocateMemory } from "./memory.ts";

/** What the kernel knows about a TCP connection (linux/tcp.h, struct tcp_info). */
export interface TcpInfo {
  /** Bytes that the peer has acknowledged since the connection began. */
  readonly bytesAcked: number;
  readonly bytesReceived: number;
  /** Segments sent and not yet acknowledged. */
  readonly unacked: number;
  /** Bytes of a full segment. */
  readonly sendMss: number;
  /** Bytes in the send queue that were never sent. */
  readonly notsentBytes: number;
  readonly rttMicros: number;
  readonly minRttMicros: number;
  /** Bytes per second that the peer has lately acknowledged. */
  readonly deliveryRateBytes: number;
  /** Segments held for lost just now. */
  readonly lost: number;
  /** Segments sent again since the connection began. */
  readonly retrans: number;
  /** Microseconds since the connection began in which only the peer's receive window kept more from being sent; 0 before Linux 4.10. */
  readonly peerWindowMicros: number;
}

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_CONGESTION = 13;
const TCP_NOTSENT_LOWAT = 25;
/** linux/tcp_states.h; the first byte of tcp_info. */
const TCP_ESTABLISHED = 1;

/** Up to tcpi_delivery_rate, which Linux 4.9 brought. */
const neededLength = 168;
/** Up to tcpi_rwnd_limited. */
const windowLength = 184;
const info = allocateMemory(256);
const length = allocateMemory(4);

function u64(offset: number): number {
  return info.bytes.readUInt32LE(offset) + info.bytes.readUInt32LE(offset + 4) * 2 ** 32;
}

/** Facts about the TCP connection on `fd`; undefined when it is closed, no TCP socket, or the kernel is older than 4.9. */
export function tcpInfo(fd: number): TcpInfo | undefined {
  length.bytes.writeUInt32LE(info.bytes.length);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.address, length.address) < 0) return undefined;
  if (length.bytes.readUInt32LE() < neededLength) return undefined;
  const bytes = info.bytes;
  return {
    sendMss: bytes.readUInt32LE(16),
    unacked: bytes.readUInt32LE(24),
    lost: bytes.readUInt32LE(32),
    rttMicros: bytes.readUInt32LE(68),
    retrans: bytes.readUInt32LE(100),
    bytesAcked: u64(120),
    bytesReceived: u64(128),
    notsentBytes: bytes.readUInt32LE(144),
    minRttMicros: bytes.readUInt32LE(148),
    deliveryRateBytes: u64(160),
    peerWindowMicros: length.bytes.readUInt32LE() < windowLength ? 0 : u64(176),
  };
}

/** Whether both directions of the TCP connection on `fd` are open: no FIN and no RST came, read or not. */
export function isEstablished(fd: number): boolean {
  length.bytes.writeUInt32LE(info.bytes.length);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.address, length.address) === 0 && info.bytes[0] === TCP_ESTABLISHED;
}

const value = allocateMemory(4);

/** Lets the socket report "writable" only below `bytes` of unsent data. False when the kernel refuses. */
export function setTcpNotsentLowat(fd: number, bytes: number): boolean {
  value.bytes.writeUInt32LE(bytes);
  return setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value.address, 4) === 0;
}

/** TCP_CA_NAME_MAX of net/tcp.h. */
const name = allocateMemory(16);

/** The algorithm of congestion control that the socket has (tcp(7), TCP_CONGESTION); undefined when it is closed. */
export function congestionControl(fd: number): string | undefined {
  length.bytes.writeUInt32LE(name.bytes.length);
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.address, length.address) < 0) return undefined;
  return name.bytes.toString("latin1", 0, name.bytes.indexOf(0));
}

/** False when the kernel has no such algorithm or does not permit it. */
export function setCongestionControl(fd: number, algorithm: string): boolean {
  const bytes = name.bytes.write(algorithm, "latin1");
  return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.address, bytes) === 0;
}

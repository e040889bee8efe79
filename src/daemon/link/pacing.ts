import { congestionControl, setCongestionControl, type TcpInfo, tcpInfo } from "../sys/tcp.ts";

interface Tcp {
  congestionControl(fd: number): string | undefined;
  setCongestionControl(fd: number, algorithm: string): boolean;
  tcpInfo(fd: number): Pick<TcpInfo, "minRttMicros"> | undefined;
}

/** Round trip in microseconds from which a connection gets the host's algorithm. */
const longPathMicros = 1000;
/** Algorithms that pace what they send. */
const pacing = /^bbr/;
/** In every kernel, permitted to everyone, and not pacing. */
const unpaced = "reno";

/**
 * Puts off BBR's pacing, which the kernel does with a timer for each piece that it sends. On a path of less than a millisecond
 * that costs a fifth to a quarter of the processor time of both ends (docs/decisions/0024-pacing-on-short-paths.md), and once begun it does
 * not end with the algorithm (`sk_pacing_status` of net/sock.h). So a connection begins without, and gets the host's algorithm
 * as soon as its first round trip shows a longer path.
 */
export class Pacing {
  /** The host's algorithm; undefined while nothing is put off. */
  #host: string | undefined;
  readonly #tcp: Tcp;

  constructor(tcp: Tcp = { congestionControl, setCongestionControl, tcpInfo }) {
    this.#tcp = tcp;
  }

  /** On a socket that is not connected, or listens: what it accepts begins so too. */
  putOff(fd: number): void {
    const host = this.#tcp.congestionControl(fd);
    if (host !== undefined && pacing.test(host) && this.#tcp.setCongestionControl(fd, unpaced)) this.#host = host;
  }

  /** Such a connection stands. */
  connected(fd: number): void {
    if (this.#host === undefined) return;
    const info = this.#tcp.tcpInfo(fd);
    if (info !== undefined && info.minRttMicros >= longPathMicros) this.#tcp.setCongestionControl(fd, this.#host);
  }
}

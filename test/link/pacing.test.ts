import { expect, test } from "vitest";
import { Pacing } from "../../src/daemon/link/pacing.ts";

/** Sockets by descriptor: their algorithm, and the round trip that the kernel measured. */
class Kernel {
  readonly algorithms = new Map<number, string>();
  minRttMicros = 0;
  readonly known = new Set(["reno", "bbr", "cubic"]);

  congestionControl(fd: number): string | undefined {
    return this.algorithms.get(fd);
  }

  setCongestionControl(fd: number, algorithm: string): boolean {
    if (!this.known.has(algorithm)) return false;
    this.algorithms.set(fd, algorithm);
    return true;
  }

  tcpInfo(): { minRttMicros: number } {
    return { minRttMicros: this.minRttMicros };
  }
}

/** The algorithm of a connection, made where `host` is usual, over a path of such a round trip. */
function algorithmOver(minRttMicros: number, host: string, kernel = new Kernel()): string | undefined {
  kernel.algorithms.set(3, host);
  kernel.minRttMicros = minRttMicros;
  const pacing = new Pacing(kernel);
  pacing.putOff(3);
  pacing.connected(3);
  return kernel.algorithms.get(3);
}

test.each(["bbr", "bbr2"])("%s is put off on a path of less than a millisecond, and used on a longer one", (host) => {
  const kernel = new Kernel();
  kernel.known.add(host);
  expect(algorithmOver(20, host, kernel)).toBe("reno");
  expect(algorithmOver(999, host, kernel)).toBe("reno");
  expect(algorithmOver(1000, host, kernel)).toBe(host);
  expect(algorithmOver(80_000, host, kernel)).toBe(host);
});

test.each(["cubic", "reno", "dctcp"])("%s, which does not pace, is left alone", (host) => {
  const kernel = new Kernel();
  for (const rtt of [20, 80_000]) expect(algorithmOver(rtt, host, kernel)).toBe(host);
});

test("a connection of which the kernel has measured nothing is taken for a long one", () => {
  expect(algorithmOver(2 ** 32 - 1, "bbr")).toBe("bbr");
});

test("what a listener accepts is judged one by one", () => {
  const kernel = new Kernel();
  kernel.algorithms.set(3, "bbr");
  const pacing = new Pacing(kernel);
  pacing.putOff(3);
  for (const [fd, rtt, algorithm] of [
    [4, 50, "reno"],
    [5, 30_000, "bbr"],
    [6, 50, "reno"],
  ] as const) {
    kernel.algorithms.set(fd, "reno");
    kernel.minRttMicros = rtt;
    pacing.connected(fd);
    expect(kernel.algorithms.get(fd)).toBe(algorithm);
  }
});

test("where the kernel refuses the other algorithm, the host's stays", () => {
  const kernel = new Kernel();
  kernel.known.delete("reno");
  expect(algorithmOver(20, "bbr", kernel)).toBe("bbr");
});

import { unlinkSync } from "node:fs";
import { unixAddress } from "../../src/daemon/sys/datagram.ts";
import { bind, closeDescriptor, errno, recv, socket } from "../../src/daemon/sys/libc.ts";
import { errnoName } from "../../src/daemon/sys/errno.ts";
import { allocateMemory } from "../../src/daemon/sys/memory.ts";
import { poll } from "../../src/daemon/sys/poll.ts";

/** What a service manager listens on: a real datagram socket, with a path or an abstract name. */
export class NotifySocket implements Disposable {
  /** Every message so far. */
  readonly messages: string[] = [];
  readonly name: string;
  readonly #close: () => void;
  #watchers = new Set<() => void>();

  constructor(name: string) {
    this.name = name;
    const address = unixAddress(name);
    if (address === undefined) throw new Error(`${name} is too long`);
    const fd = socket(1, 2 | 0o2000000 | 0o4000, 0);
    const at = allocateMemory(address.length);
    at.bytes.set(address);
    if (bind(fd, at.address, address.length) < 0) throw new Error(`bind ${name}: ${errnoName(errno())}`);
    const memory = allocateMemory(4096);
    const poller = poll(fd, () => {
      for (;;) {
        const size = recv(fd, memory.address, memory.bytes.length, 0);
        if (size < 0) break;
        this.messages.push(memory.bytes.toString("utf8", 0, size));
      }
      for (const watcher of this.#watchers) watcher();
    });
    poller.start();
    this.#close = () => {
      poller.close();
      closeDescriptor(fd);
      if (!name.startsWith("@")) unlinkSync(name);
    };
  }

  /** Resolves with the first message from index `from` on that has this text. */
  async message(text: string, from = 0): Promise<string> {
    for (;;) {
      const found = this.messages.slice(from).find((one) => one.includes(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

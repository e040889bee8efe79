import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Answer } from "./server.ts";

/** One controller of an emulator or a proxy. The process on the other side ends when this one does. */
export class ControlClient<Command, Result> implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: PromiseWithResolvers<Result>[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface(socket).on("line", (text) => {
      const next = this.#waiting.shift();
      const answer = JSON.parse(text) as Answer<Result>;
      if ("ok" in answer) next?.resolve(answer.ok);
      else next?.reject(new Error(answer.error));
    });
    // readline fails as its socket does; what waits learns it from the socket's close.
    lines.on("error", () => undefined);
    socket
      .on("error", () => undefined)
      .once("close", () => {
        for (const { reject } of this.#waiting.splice(0))
          reject(new Error("the other side of the control socket is gone"));
      });
    socket.write("stay\n");
  }

  static async connect<Command, Result>(path: string): Promise<ControlClient<Command, Result>> {
    const socket = connect(path);
    const connected = Promise.withResolvers<void>();
    socket.once("connect", connected.resolve).once("error", connected.reject);
    await connected.promise;
    return new ControlClient(socket);
  }

  /** Sends one command and waits for its answer; rejects when it was refused. */
  async send(command: Command): Promise<Result> {
    const answer = Promise.withResolvers<Result>();
    this.#waiting.push(answer);
    if (this.#socket.closed) answer.reject(new Error("the control socket is closed"));
    else this.#socket.write(`${JSON.stringify(command)}\n`);
    return await answer.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** COMPRESSED frames unpacked in one turn of the event loop: each takes a tenth of a millisecond or so, however few its bytes. */
export const unpackedInTurn = 8;

/**
 * Shares unpacking out over the turns of the event loop. A frame of 20 bytes can be 64 KiB of work: a link that sends many
 * goes on in the next turn, after whatever else there is to do, and after those who waited before it.
 */
export class UnpackTurns {
  #unpacked = 0;
  #waiting: (() => void)[] = [];

  /** A frame was unpacked; whether there may be another one in this turn. */
  spend(): boolean {
    if (this.#unpacked === 0) setImmediate(() => this.#next());
    this.#unpacked += 1;
    return this.#unpacked < unpackedInTurn;
  }

  /** For whom there was no other one: calls once it may go on, in another turn. */
  wait(goOn: () => void): void {
    this.#waiting.push(goOn);
  }

  #next(): void {
    this.#unpacked = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    // Everybody gets on by a frame at least, the first by more.
    for (const goOn of waiting) goOn();
  }
}

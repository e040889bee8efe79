/** What a client must remember to come back to its session; kept on disk, private. */
export interface RememberedSession {
  /** 16 bytes in hexadecimal. */
  readonly id: string;
  /** As a decimal number. */
  readonly epoch: string;
  /** In base64. */
  readonly token: string;
  readonly clusterId: string;
}

export interface SessionMemory {
  load(): RememberedSession | undefined;
  save(session: RememberedSession | undefined): void;
}

import { render } from "ink";
import type { ReadStream, WriteStream } from "node:tty";
import type { Clock } from "../../shared/clock.ts";
import { type ColourDepth, type Paint, painter, type Theme, themes } from "../draw/paint.ts";
import { Feed, type Wire } from "../feed.ts";
import type { Message } from "../model/message.ts";
import { performer } from "../perform.ts";
import { type Preferences, preferencesOf } from "../preferences.ts";
import { initialState, type Setup } from "../model/state.ts";
import { Store } from "../model/store.ts";
import { Console } from "./console.tsx";
import { type Exit, watchExits } from "../exit.ts";
import { Frames } from "./frames.ts";
import { Suspender, toFirstColumn } from "./suspend.ts";

export interface SessionOptions {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly clock: Clock;
  readonly setup: Setup;
  readonly depth: ColourDepth;
  /** What was remembered of the last console, and where to. */
  readonly preferences: Preferences;
  readonly remember: (preferences: Preferences) => void;
  /** Folder for incident bundles and captures. */
  readonly folder: string;
  readonly fps: number;
  readonly connect: () => Promise<Wire>;
  /** Lines that ctl prints for a verb. */
  readonly ask: (verb: string) => Promise<readonly string[]>;
}

/** Snapshots a second at most; the daemon measures once a second, and tells of events and acts between. */
const rateHz = 4;

function paintsOf(depth: ColourDepth): Record<Theme, Paint> {
  const pairs = themes.map((theme) => [theme, painter(depth, theme)] as const);
  return Object.fromEntries(pairs) as Record<Theme, Paint>;
}

function sizeOf(stdout: WriteStream): { columns: number; rows: number } {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
}

/**
 * Runs the console on a terminal until it is left, by a key, a signal or an error; the terminal is restored then.
 * @throws SssonectorError when there is no daemon at the start
 */
export async function runSession(options: SessionOptions): Promise<Exit> {
  const { stdin, stdout, clock, setup, depth, preferences, folder, fps, connect, ask } = options;
  const left = Promise.withResolvers<Exit>();
  using cleanUp = new DisposableStack();
  const ended = new AbortController();
  cleanUp.defer(() => ended.abort());
  const suspender = cleanUp.use(new Suspender(clock, stdout));
  const { columns, rows } = sizeOf(stdout);
  const send = (message: Message): void => store.send(message);
  const feed = cleanUp.adopt(new Feed({ connect, clock, rateHz: Math.min(fps, rateHz), send }), (f) => f.close());
  const perform = performer({
    feed,
    clock,
    send,
    quit: () => left.resolve({ code: 0 }),
    suspend: () => void suspender.suspend(),
    state: () => store.state,
    folder,
    connect,
    ask,
    ended: ended.signal,
    write: (sequence) => void stdout.write(sequence),
  });
  const store = new Store(initialState(setup, columns, rows, preferences), perform);
  await feed.start();

  const resized = (): void => store.send({ kind: "size", ...sizeOf(stdout) });
  stdout.on("resize", resized);
  cleanUp.defer(() => stdout.off("resize", resized));
  cleanUp.adopt(
    clock.every(1000, () => store.send({ kind: "tick", now: clock.now() })),
    (timer) => timer.cancel(),
  );
  cleanUp.defer(watchExits(stdout, left.resolve));
  stdout.write(toFirstColumn);
  const frames = cleanUp.use(
    new Frames({
      store,
      paints: paintsOf(depth),
      stdout,
      clock,
      fps,
      failed: (error) => left.resolve({ code: 1, error }),
    }),
  );
  suspender.around(frames);
  const ready = (): void => frames.start();
  const app = render(<Console store={store} clock={clock} attach={suspender.attach} ready={ready} />, {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    interactive: true,
    maxFps: fps,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  const unmounted = app.waitUntilExit().then(
    (): Exit => ({ code: 0 }),
    (error: unknown): Exit => ({ code: 1, error }),
  );
  const exit = await Promise.race([left.promise, unmounted]);
  frames[Symbol.dispose]();
  app.unmount();
  options.remember(preferencesOf(store.state));
  await unmounted;
  return exit;
}

import { randomBytes } from "node:crypto";
import { access, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { SssonectorError } from "../../shared/errors.ts";

/** Keys and everything that holds one: the owner only. */
export const privateMode = 0o600;
/** Certificates and revocation lists: anybody may read them. */
export const publicMode = 0o644;

/** Makes the directory, 0700, when it is new; an existing one keeps its mode. */
export async function ensureDirectory(directory: string): Promise<void> {
  await writing(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
}

/** Fails with `pki_exists` when one of the files is there. */
export async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) throw new SssonectorError("pki_exists", `${path} exists`);
  }
}

/** Replaces the file as a whole: a reader sees the old text or the new one, also after a crash. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await writing(path, async () => {
    try {
      const file = await open(temporary, "wx", mode);
      try {
        await file.chmod(mode);
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** The file's text; `pki_missing` when it can't be read. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SssonectorError("pki_missing", `can't read ${path}: ${reason(error)}`, { cause: error });
  }
}

/** A private key's text; `pki_unsafe` when group or others may read it. */
export async function readPrivate(path: string): Promise<string> {
  const text = await readText(path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new SssonectorError("pki_unsafe", `${path} has mode ${(mode & 0o777).toString(8)}`);
  }
  return text;
}

async function writing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new SssonectorError("pki_write", `can't write ${path}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

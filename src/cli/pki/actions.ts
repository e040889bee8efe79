import { join } from "node:path";
import { SssonectorError } from "../../shared/errors.ts";
import { type Authority, createAuthority, loadAuthority } from "./authority.ts";
import { type CertificateRequest, issueCertificate } from "./certificate.ts";
import { newClusterKey } from "./cluster-key.ts";
import { signCrl } from "./crl.ts";
import { privateMode, publicMode, refuseExisting, writeAtomically } from "./files.ts";
import { caPaths, emptyIndex, type Index, issuedTo, readIndex, writeIndex } from "./store.ts";

/** Makes a CA, its CRL and a cluster secret in `directory`. Returns what was written. */
export async function init(directory: string, commonName: string, force: boolean, wallMs: number): Promise<string[]> {
  const paths = caPaths(directory);
  if (!force) await refuseExisting(Object.values(paths));
  const authority = await createAuthority(commonName, wallMs);
  await writeAtomically(paths.key, authority.keyPem, privateMode);
  await writeAtomically(paths.certificate, `${authority.certificate.toString("pem")}\n`, publicMode);
  await writeAtomically(paths.clusterKey, newClusterKey(), privateMode);
  await publishCrl(directory, authority, emptyIndex, wallMs);
  return [paths.certificate, paths.key, paths.clusterKey, paths.crl];
}

/** Signs a certificate with a new key. Returns what was written. */
export async function issue(
  directory: string,
  request: CertificateRequest,
  force: boolean,
  wallMs: number,
): Promise<string[]> {
  const index = await readIndex(directory);
  const paths = certificatePaths(directory, request.name);
  if (!force) await refuseExisting([paths.certificate, paths.key]);
  return writeIssued(directory, index, request, wallMs);
}

/** Signs the name's last certificate again: same role, names and days, a new key. Returns what was written. */
export async function renew(directory: string, name: string, wallMs: number): Promise<string[]> {
  const index = await readIndex(directory);
  const all = issuedTo(index, name);
  const last = all.at(-1) ?? all[0];
  if (last.revoked_at !== undefined) throw new SssonectorError("pki_revoked", `${name} was revoked`);
  return writeIssued(directory, index, last, wallMs);
}

/** Revokes every certificate of the name and publishes the CRL. Returns the serials that are newly revoked. */
export async function revoke(directory: string, name: string, wallMs: number): Promise<string[]> {
  const index = await readIndex(directory);
  const serials = issuedTo(index, name).flatMap(({ serial, revoked_at }) => (revoked_at === undefined ? [serial] : []));
  if (serials.length === 0) {
    const next = "if the CRL does not name it, sign the list again: sssonector pki crl";
    throw new SssonectorError("pki_revoked", `${name} was revoked before`, { next });
  }
  const revoked_at = new Date(wallMs).toISOString();
  const certificates = index.certificates.map((one) => (serials.includes(one.serial) ? { ...one, revoked_at } : one));
  await publishCrl(directory, await loadAuthority(directory, wallMs), { ...index, certificates }, wallMs);
  return serials;
}

/** Signs the CRL again, with a new date of expiry. Returns its path. */
export async function renewCrl(directory: string, wallMs: number): Promise<string> {
  await publishCrl(directory, await loadAuthority(directory, wallMs), await readIndex(directory), wallMs);
  return caPaths(directory).crl;
}

export function certificatePaths(directory: string, name: string): { certificate: string; key: string } {
  return { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
}

async function writeIssued(
  directory: string,
  index: Index,
  request: CertificateRequest,
  wallMs: number,
): Promise<string[]> {
  const paths = certificatePaths(directory, request.name);
  const issued = await issueCertificate(await loadAuthority(directory, wallMs), request, wallMs);
  // The index first: a certificate that it does not know could never be revoked.
  await writeIndex(directory, { ...index, certificates: [...index.certificates, issued.entry] });
  await writeAtomically(paths.key, issued.keyPem, privateMode);
  await writeAtomically(paths.certificate, issued.certificatePem, publicMode);
  return [paths.certificate, paths.key];
}

async function publishCrl(directory: string, authority: Authority, index: Index, wallMs: number): Promise<void> {
  const next = { ...index, crl_number: index.crl_number + 1 };
  const revoked = next.certificates.filter(({ revoked_at }) => revoked_at !== undefined);
  const pem = await signCrl(authority, revoked, next.crl_number, wallMs);
  await writeIndex(directory, next);
  await writeAtomically(caPaths(directory).crl, pem, publicMode);
}

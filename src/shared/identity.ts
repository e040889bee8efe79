/** A peer's identity is its one URI SAN of this scheme: `sssonector:NAME`. */
export const identityScheme = "sssonector:";

/** Longest name, in characters; X.520's bound for a common name, which also carries it. */
export const identityNameLimit = 64;

const printable = /^[!-~]+$/;

/** True for printable ASCII of 1 to 64 characters without spaces, colons and slashes: fit for a URI and a file name. */
export function isIdentityName(name: string): boolean {
  return name.length <= identityNameLimit && printable.test(name) && !/[:/]/.test(name);
}

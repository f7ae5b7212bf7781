import { createHash } from 'node:crypto';
import { bundleJson } from './bundle-json';
import type { BundleFile } from './policy-module';

/**
 * What is signed of a bundle: every file with its hash, and the scope that OPA compares with its own.
 * `data.json` and `.manifest` must have been written by `bundleJson`, because OPA hashes them as it would
 * write them itself.
 * @param files all files of the bundle, the manifest among them
 * @param scope the tenant's id
 */
export function signaturePayload(files: readonly BundleFile[], scope: string): string {
  return bundleJson({
    files: files.map(({ path, content }) => ({
      name: path,
      hash: createHash('sha256').update(content).digest('hex'),
      algorithm: 'SHA-256',
    })),
    scope,
  });
}

/**
 * The text that is signed: JWS signing input of RS256 (RFC 7515 §5.1). RS256 is deterministic, so that a
 * bundle has the same bytes whenever it is signed.
 * @param kid name of the key; OPA goes by its own configuration, people by this
 */
export function signingInput(payload: string, kid: string): string {
  const header = bundleJson({ alg: 'RS256', kid, typ: 'JWT' });
  return `${base64Url(header)}.${base64Url(payload)}`;
}

/** The `.signatures.json` of a bundle; OPA takes exactly one token. */
export function signatureFile(input: string, signature: Uint8Array): BundleFile {
  return {
    path: '.signatures.json',
    content: bundleJson({ signatures: [`${input}.${Buffer.from(signature).toString('base64url')}`] }),
  };
}

function base64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

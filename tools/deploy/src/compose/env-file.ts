import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** Variables of a plane, as they stand in `docker/.env`. */
export type EnvFile = Readonly<Record<string, string>>;

/**
 * The text of a `.env` file. Compose puts variables into unquoted and double-quoted values, and cuts unquoted ones at
 * ` #`: single quotes keep a value as it is, over several lines too.
 * @throws Error for a value with a single quote, which such a file cannot hold
 */
export function envText(variables: EnvFile): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (value.includes("'")) throw new Error(`${name} holds a single quote; choose a value without one`);
      return `${name}='${value}'\n`;
    })
    .join('');
}

/** What a control plane must be given and nobody has to choose (contract: Docker Compose Setup). */
export function controlPlaneSecrets(): EnvFile {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 3072,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { ...localSecrets(), BEHAVRY_JWT_PRIVATE_KEY: privateKey, BEHAVRY_JWT_PUBLIC_KEY: publicKey };
}

/** What every plane must be given and nobody has to choose. */
export function localSecrets(): EnvFile {
  return {
    BEHAVRY_ADMIN_PASSWORD: randomBytes(18).toString('base64url'),
    BEHAVRY_DB_PASSWORD: randomBytes(24).toString('base64url'),
  };
}

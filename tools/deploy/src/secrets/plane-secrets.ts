import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { issueCertificate, makeAuthority, type Certified } from '@behavry/components';

const AUTHORITY_DAYS = 3_650;
/** The longest that clients accept of a server's certificate, with a day for time zones. */
const CERTIFICATE_DAYS = 396;
const RENEW_MS = 30 * 86_400_000;

/** Where a plane's secrets lie; each folder is a volume that only those mount who need it. */
export interface SecretFolders {
  /** For the plane's apps: plane.key (made by the migration), redis.url. */
  readonly plane: string;
  /** For Redis: redis.conf. */
  readonly redis: string;
  /** For the edge: tls.crt, tls.key, and ca.crt for whoever is to trust it. */
  readonly edge: string;
  /** For nobody else: the plane's own authority. */
  readonly authority: string;
}

export type Rotation = 'redis' | 'tls';

/**
 * Makes what a plane needs to start and nobody has to choose, and only what is missing: Redis' password, and a
 * certificate for the edge, signed by an authority of the plane's own. A certificate that somebody else signed is
 * left alone; one of ours is made anew 30 days before its end and when its names changed.
 * @param names host names and addresses of the edge
 * @param rotation what is to be made anew although it is there
 * @returns what was done, in sentences for a person
 */
export async function makeSecrets(
  folders: SecretFolders,
  names: readonly string[],
  rotation?: Rotation,
): Promise<readonly string[]> {
  return [
    ...makeRedisPassword(folders, rotation === 'redis'),
    ...(await makeCertificate(folders, names, rotation === 'tls')),
  ];
}

function makeRedisPassword({ plane, redis }: SecretFolders, isRotated: boolean): string[] {
  const urlFile = join(plane, 'redis.url');
  if (!isRotated && read(urlFile) !== undefined && read(join(redis, 'redis.conf')) !== undefined) return [];
  const password = randomBytes(24).toString('base64url');
  // Redis reads it under a user of its own; nobody else mounts the folder.
  write(join(redis, 'redis.conf'), `requirepass ${password}\n`, 0o644);
  write(urlFile, `redis://:${password}@redis:6379\n`, 0o600);
  return [
    isRotated ? 'Redis has a new password: restart the apps, as rotate.sh does' : 'Redis has a password',
  ];
}

async function makeCertificate(
  { edge, authority }: SecretFolders,
  names: readonly string[],
  isRotated: boolean,
): Promise<string[]> {
  const certificateFile = join(edge, 'tls.crt');
  const present = certificateIn(certificateFile);
  const ours = await ownAuthority(authority);
  const issuer = new X509Certificate(ours.certificate);
  const isOurs = present?.checkIssued(issuer) === true && present.verify(issuer.publicKey);
  if (present && !isOurs) {
    const end = new Date(present.validTo).getTime() - Date.now();
    return end < RENEW_MS
      ? [`The certificate that was put into the edge's folder ends on ${present.validTo}`]
      : [];
  }
  write(join(edge, 'ca.crt'), ours.certificate, 0o644);
  if (present && !isRotated && isCurrent(present, names)) return [];
  const { certificate, key } = await issueCertificate(ours, names, CERTIFICATE_DAYS);
  write(join(edge, 'tls.key'), key, 0o600);
  write(certificateFile, certificate, 0o644);
  return [
    `The edge has a certificate for ${names.join(', ')} by the plane's own authority (ca.crt beside it): restart edge`,
  ];
}

function isCurrent(certificate: X509Certificate, names: readonly string[]): boolean {
  const isLong = new Date(certificate.validTo).getTime() - Date.now() > RENEW_MS;
  const has = (name: string): boolean =>
    (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  return isLong && names.every(has);
}

async function ownAuthority(folder: string): Promise<Certified> {
  const [certificate, key] = [read(join(folder, 'ca.crt')), read(join(folder, 'ca.key'))];
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  const made = await makeAuthority('Behavry plane authority', AUTHORITY_DAYS);
  write(join(folder, 'ca.key'), made.key, 0o600);
  write(join(folder, 'ca.crt'), made.certificate, 0o644);
  return made;
}

function certificateIn(file: string): X509Certificate | undefined {
  const text = read(file);
  return text === undefined ? undefined : new X509Certificate(text);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all: whoever reads it may start at any time. */
function write(file: string, text: string, mode: number): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}

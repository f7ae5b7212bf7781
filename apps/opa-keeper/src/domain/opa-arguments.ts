import { OPA_SERVICE } from '@behavry/contracts';

/** How one OPA is run. */
export interface OpaPlan {
  /** Its unix socket: clients' where they come by a socket, and always its keeper's. */
  readonly socket: string;
  /** Address for clients that come over TCP. */
  readonly tcp?: string | undefined;
  readonly configFile: string;
  /** Folder of the token and of the persisted bundle. */
  readonly filesDir: string;
  /** Rego and data files. */
  readonly paths: readonly string[];
  /** Whether it asks for a token. */
  readonly hasToken: boolean;
  /** Whether `system.authz` is asked for each request; with a token always. */
  readonly hasAuthorization: boolean;
}

/** Largest question in bytes. What a proxy asks is bounded to a quarter of it; OPA's own bound is 256 MB. */
const MAX_REQUEST_BYTES = 1024 * 1024;
/** Requests that are under way when it ends have this long. */
const GRACE_SECONDS = 4;
/** Over TCP it goes on answering for so long when it is asked to end, until balancers have noticed. */
const NOTICE_SECONDS = 3;

/** What an OPA is given of its keeper's environment; it can read all of its own. */
const HANDED_DOWN = [
  'PATH',
  'HOME',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'GOGC',
  'GOMEMLIMIT',
];
/** Fewer collections take a quarter off the processor time of a decision (docs/benchmarks.md). */
const FEWER_COLLECTIONS = { GOGC: '800', GOMEMLIMIT: '512MiB' };

/**
 * Where the token and the persisted bundle lie is said here and not by the configuration, which may have been written
 * for another folder.
 * @returns the arguments of the `opa` command
 */
export function opaArguments(plan: OpaPlan): readonly string[] {
  const { socket, tcp, configFile, filesDir, paths, hasToken, hasAuthorization } = plan;
  const settings = [
    `server.decoding.max_length=${MAX_REQUEST_BYTES}`,
    `services.${OPA_SERVICE}.credentials.bearer.token_path=${filesDir}/token`,
    `persistence_directory=${filesDir}/bundles`,
  ];
  return [
    ...['run', '--server', '--addr', `unix://${socket}`, '--unix-socket-perm', '600'],
    ...(tcp === undefined ? [] : ['--addr', tcp, '--shutdown-wait-period', String(NOTICE_SECONDS)]),
    ...['--shutdown-grace-period', String(GRACE_SECONDS)],
    ...['--skip-version-check', '--log-level', 'error', '--log-format', 'json'],
    '--optimize-store-for-read-speed',
    ...(hasToken ? ['--authentication=token'] : []),
    ...(hasToken || hasAuthorization ? ['--authorization=basic'] : []),
    ...settings.flatMap((setting) => ['--set', setting]),
    ...['-c', configFile],
    ...paths,
  ];
}

/** @returns the whole environment of an OPA */
export function opaEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = HANDED_DOWN.flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...FEWER_COLLECTIONS, ...Object.fromEntries(kept) };
}

import type { FastifyRequest } from 'fastify';
import type { ServiceConfig } from '../config/service-config';
import { ProblemError } from '../errors/problem-error';

type Asked = Pick<FastifyRequest, 'headers' | 'host' | 'method' | 'protocol'>;

/** What a browser says of the page that made a request: of the same origin, of another, or nothing. */
type Origin = 'own' | 'foreign' | 'untold';

/**
 * The cookie in which a page of this plane has its session, so that no script can read the token. Cookies know no ports,
 * so its name ends in the plane: two planes on one host do not sign each other out. Over https nobody else can set it
 * (`__Host-`); over plain http the name says so by what it lacks.
 */
export class SessionCookie {
  readonly #plane: string;
  readonly #isPublicHttps: boolean;

  constructor({ mode, deploymentId, publicUrl }: ServiceConfig) {
    this.#plane = mode === 'data-plane' ? (deploymentId ?? 'data') : 'control';
    this.#isPublicHttps = publicUrl?.startsWith('https:') ?? false;
  }

  /**
   * @returns the token in a request's cookie; undefined when there is none, or more than one
   * @throws ProblemError 403 when another page made the request
   */
  read(request: Asked): string | undefined {
    const prefix = `${this.#name(request)}=`;
    const [first, ...others] = (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(prefix));
    if (first === undefined || others.length > 0) return undefined;
    this.refuseForeign(request, { mayBeUntold: request.method === 'GET' || request.method === 'HEAD' });
    return first.slice(prefix.length);
  }

  /**
   * Refuses what another page had a browser send. A changing request must be told to come from a page of this origin.
   * @throws ProblemError 403
   */
  refuseForeign(request: Asked, { mayBeUntold }: { readonly mayBeUntold: boolean }): void {
    const origin = this.#originOf(request);
    if (origin === 'own' || (origin === 'untold' && mayBeUntold)) return;
    throw new ProblemError(
      'forbidden',
      'A session in a cookie counts for pages of this origin alone (Sec-Fetch-Site: same-origin, or Origin).',
    );
  }

  /** @returns `Set-Cookie` of a session that is good for so many seconds */
  set(request: Asked, token: string, seconds: number): string {
    const secure = this.#isSecure(request) ? '; Secure' : '';
    return `${this.#name(request)}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${String(seconds)}${secure}`;
  }

  /** @returns `Set-Cookie` that takes it away */
  clear(request: Asked): string {
    return this.set(request, '', 0);
  }

  #name(request: Asked): string {
    return `${this.#isSecure(request) ? '__Host-' : ''}behavry-${this.#plane}`;
  }

  #isSecure({ protocol }: Asked): boolean {
    return this.#isPublicHttps || protocol === 'https';
  }

  #originOf(request: Asked): Origin {
    const { origin, 'sec-fetch-site': site } = request.headers;
    // What scripts cannot set, and says more: a page of the same host and another port is not of this origin.
    if (site !== undefined) return site === 'same-origin' ? 'own' : site === 'none' ? 'untold' : 'foreign';
    if (origin === undefined) return 'untold';
    const scheme = this.#isSecure(request) ? 'https' : 'http';
    return origin === `${scheme}://${request.host}` ? 'own' : 'foreign';
  }
}

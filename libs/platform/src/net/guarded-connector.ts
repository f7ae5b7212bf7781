import { lookup as lookUp, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressGuard } from './address-guard';

/** A connection that the plane does not make, wherever a registered URL points. */
export class AddressRefusedError extends Error {
  readonly code = 'BEHAVRY_ADDRESS_REFUSED';
}

export interface GuardedConnectorOptions {
  readonly guard: AddressGuard;
  /** The one origin that is connected to. */
  readonly origin: URL;
  readonly timeoutMs: number;
  /** Told why a connection was not made; the caller of the pool gets an AddressRefusedError. */
  readonly onRefused: (reason: string) => void;
  /** How names are looked up; the system's way when not given. */
  readonly resolve?: (
    hostname: string,
    options: LookupAllOptions,
    done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ) => void;
}

/**
 * How a pool of one origin connects: the name is looked up once, and only addresses that the guard allows are
 * connected to. What is judged is what is connected to.
 */
export function guardedConnector({
  guard,
  origin,
  timeoutMs,
  onRefused,
  resolve = lookUp,
}: GuardedConnectorOptions): buildConnector.connector {
  const port = Number(origin.port || (origin.protocol === 'https:' ? 443 : 80));
  const refused = (reason: string): AddressRefusedError => {
    onRefused(reason);
    return new AddressRefusedError(reason);
  };
  const lookup: LookupFunction = (hostname, options, answer) => {
    resolve(
      hostname,
      { ...(options as LookupAllOptions), all: true },
      (error, addresses: LookupAddress[]) => {
        if (error) {
          answer(error, '');
          return;
        }
        const refusals = addresses.map(({ address }) => guard.refusal(hostname, address, port));
        const allowed = addresses.filter((_address, index) => refusals[index] === undefined);
        const [first] = allowed;
        if (!first) answer(refused(refusals[0] ?? `${hostname} has no address`), '');
        else if (options.all === true) answer(null, allowed);
        else answer(null, first.address, first.family);
      },
    );
  };
  const connect = buildConnector({ timeout: timeoutMs, lookup });
  return (options, callback) => {
    // An address needs no look-up, so nothing but this would judge it.
    const reason =
      isIP(options.hostname) === 0 ? undefined : guard.refusal(options.hostname, options.hostname, port);
    if (reason === undefined) connect(options, callback);
    else callback(refused(reason), null);
  };
}

import type { PlaneClient } from '../api/plane-client';
import type { RunnerSecrets } from '../runner/secrets';

/** Name of the data plane of a pair. */
export const PAIR_DEPLOYMENT = 'dp-local-01';

/**
 * Gets from the control plane, through its public API, what a data plane needs to belong to it. The token
 * is issued once and kept; the licence key is read at every start, as it may have been changed.
 */
export async function linkPlanes(
  control: PlaneClient,
  secrets: RunnerSecrets,
): Promise<Record<string, string>> {
  const token =
    process.env['BEHAVRY_DATA_PLANE_TOKEN'] || secrets.kept.data_plane_token || (await issueToken(control));
  const license = await control.call<{ license_key: string }>('GET', '/api/v1/admin/license');
  secrets.keep({ data_plane_token: token, license_key: license.license_key });
  return {
    // A preset address is honoured, so that something may stand between the planes.
    BEHAVRY_CONTROL_PLANE_URL: process.env['BEHAVRY_CONTROL_PLANE_URL'] || control.url,
    BEHAVRY_DATA_PLANE_TOKEN: token,
    BEHAVRY_LICENSE_KEY: process.env['BEHAVRY_LICENSE_KEY'] || license.license_key,
  };
}

async function issueToken(control: PlaneClient): Promise<string> {
  const issued = await control.call<{ token: string }>('POST', '/api/v1/admin/data-plane-tokens', {
    label: 'Local pair',
    region: 'local',
    expires_days: 365,
  });
  return issued.token;
}

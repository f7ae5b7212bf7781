import { MODES, ROUTE_TABLE } from '@behavry/contracts';
import type { EdgePlane } from './edge-contract';

/** Each path reaches the app that the route table names, in the modes that it names, and nothing else is anywhere. */
export function routeContract(plane: EdgePlane): void {
  describe.each(MODES)('the edge of a %s', (mode) => {
    const rows = ROUTE_TABLE.flatMap((row) => row.prefixes.map((prefix) => ({ ...row, prefix })));

    it.each(rows.map((row) => [row.prefix, row] as const))(
      '%s reaches its app, or 404 when it is not of this mode',
      async (prefix, row) => {
        for (const path of [prefix, `${prefix}/some/id?limit=2`]) {
          const answer = await plane.send(mode, path);
          if (row.modes.includes(mode)) {
            expect(answer.status).toBe(200);
            expect(JSON.parse(answer.body)).toMatchObject({ app: row.app, path });
          } else {
            expect(answer.status).toBe(404);
            expect(answer.headers['content-type']).toContain('application/problem+json');
            expect(JSON.parse(answer.body)).toMatchObject({
              type: 'https://behavry.dev/problems/route_not_in_mode',
              title: 'Not part of this deployment mode',
              status: 404,
              detail: `The route group "${row.group}" is not part of the mode ${mode}.`,
              code: 'route_not_in_mode',
              request_id: expect.stringMatching(/^[\w-]{32,36}$/u) as unknown,
            });
          }
        }
      },
    );

    it('answers 404 not_found for what no group owns', async () => {
      for (const path of [
        '/',
        '/metrics',
        '/internal/claims',
        '/_edge/not_found',
        '/api/v1',
        '/api/v1/policiesx',
        '/api/v1/enrolled',
        '/API/V1/policies',
      ]) {
        const answer = await plane.send(mode, path);
        expect([path, answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([
          path,
          404,
          'not_found',
        ]);
        expect(answer.headers).toMatchObject({
          'content-type': 'application/problem+json',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        });
      }
    });

    it('sends license and tokens below admin to license-service, the rest to identity-jwks', async () => {
      for (const [path, app] of [
        ['/api/v1/admin/license', 'license-service'],
        ['/api/v1/admin/data-plane-tokens/x', 'license-service'],
        ['/api/v1/admin/users', 'identity-jwks'],
        ['/api/v1/admin/licensed', 'identity-jwks'],
        ['/api/v1/%61dmin/users', 'identity-jwks'],
      ] as const) {
        expect(JSON.parse((await plane.send(mode, path)).body)).toMatchObject({ app, path });
      }
    });
  });
}

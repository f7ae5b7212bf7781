import type { AddressInfo } from 'node:net';
import type { AppName, Mode } from '@behavry/contracts';
import { edgeContract, httpRequest, type OpenEdge } from '@behavry/testing';
import { Edge } from '../src/edge/edge-server';
import { StubOps } from './stub-ops';

async function open(mode: Mode, portOf: (app: AppName) => number, opsPortOf = portOf): Promise<OpenEdge> {
  const edge = new Edge({
    mode,
    appUrl: (app) => `http://127.0.0.1:${portOf(app)}`,
    opsUrl: (app) => `http://127.0.0.1:${opsPortOf(app)}`,
    stalledMs: 300,
  });
  await edge.listen(0);
  return { port: (edge.server.address() as AddressInfo).port, close: () => edge.close() };
}

describe('the local edge', () => {
  edgeContract({ open, nominated: 'dropped', bareLineFeed: 'refused', isFullDuplex: true });

  // Beside the contract: the other edge has the health of a plane from an app.
  it('is ready when every app of its mode is, and says which is not and why', async () => {
    const [fine, broken] = [await StubOps.listen(true), await StubOps.listen(false)];
    const dataPlane = await open(
      'data-plane',
      () => 9,
      () => fine.port,
    );
    expect(JSON.parse((await httpRequest(dataPlane.port, '/health')).body)).toMatchObject({
      status: 'ok',
      service: 'behavry',
      mode: 'data-plane',
    });
    await dataPlane.close();
    const withOneBroken = (app: AppName): number => (app === 'mcp-proxy' ? broken : fine).port;
    const edge = await open('data-plane', () => 9, withOneBroken);
    const answer = await httpRequest(edge.port, '/health/ready');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'plane_not_ready',
      errors: [{ field: 'mcp-proxy', message: 'opa: no policy yet' }],
    });
    expect((await httpRequest(edge.port, '/health/live')).status).toBe(200);
    await edge.close();
    const controlPlane = await open('control-plane', () => 9, withOneBroken);
    expect((await httpRequest(controlPlane.port, '/health/ready')).status).toBe(200);
    await controlPlane.close();
    await Promise.all([fine.close(), broken.close()]);
  });
});

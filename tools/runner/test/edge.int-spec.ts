import type { AddressInfo } from 'node:net';
import type { AppName, Mode } from '@behavry/contracts';
import { edgeContract, type OpenEdge } from '@behavry/testing';
import { Edge } from '../src/edge/edge-server';

async function open(mode: Mode, portOf: (app: AppName) => number): Promise<OpenEdge> {
  const edge = new Edge({ mode, appUrls: (app) => [`http://127.0.0.1:${portOf(app)}`], stalledMs: 300 });
  await edge.listen(0);
  return { port: (edge.server.address() as AddressInfo).port, close: () => edge.close() };
}

describe('the local edge', () => {
  edgeContract({ open, nominated: 'dropped', bareLineFeed: 'refused', isFullDuplex: true });
});

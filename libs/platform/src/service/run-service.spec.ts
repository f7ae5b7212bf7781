import { ServiceConfig } from '../config/service-config';
import { runService } from './run-service';

class Ended extends Error {
  constructor(readonly code: unknown) {
    super(`the process ended with ${String(code)}`);
  }
}

/** What becomes of policy-service, which belongs to a control plane, in a mode: its exit code and what it said. */
async function startedIn(mode: string): Promise<{ readonly code: unknown; readonly said: string }> {
  const before = { argv: process.argv, env: process.env };
  let said = '';
  const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Ended(code);
  });
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  process.argv = ['node', 'main.js'];
  process.env = {
    BEHAVRY_DB_URL: 'postgres://127.0.0.1:9/behavry',
    BEHAVRY_SECRETS_DIR: '/nowhere',
    BEHAVRY_DEPLOYMENT_MODE: mode,
  };
  try {
    await runService({ app: 'policy-service', config: ServiceConfig, module: () => ({ module: class {} }) });
    throw new Error('it started');
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    return { code: error.code, said };
  } finally {
    exit.mockRestore();
    write.mockRestore();
    Object.assign(process, before);
  }
}

describe('a process', () => {
  it('refuses to start in a mode that it is no part of, before it opens anything', async () => {
    expect(await startedIn('data-plane')).toEqual({
      code: 2,
      said: expect.stringContaining(
        'BEHAVRY_DEPLOYMENT_MODE is data-plane, and policy-service is not part of that mode',
      ) as string,
    });
    // In a mode of its own it comes as far as the key of its plane, which is not there.
    for (const mode of ['control-plane', 'standalone']) expect((await startedIn(mode)).code).toBe(1);
  });
});

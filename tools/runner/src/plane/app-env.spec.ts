import { envOf } from './app-env';

const ENV = {
  BEHAVRY_LOG_LEVEL: 'info',
  BEHAVRY_SECRET_OPENAI_KEY: 'sk-x',
  BEHAVRY_DATA_PLANE_TOKEN: 'dp_x',
  BEHAVRY_LICENSE_KEY: 'lic_x',
  BEHAVRY_JWT_PRIVATE_KEY: 'pem',
};

describe('the environment of one process', () => {
  it.each([
    ['edge', ['BEHAVRY_LOG_LEVEL']],
    ['policy-service', ['BEHAVRY_LOG_LEVEL']],
    ['llm-proxy', ['BEHAVRY_LOG_LEVEL', 'BEHAVRY_SECRET_OPENAI_KEY']],
    ['license-service', ['BEHAVRY_LOG_LEVEL', 'BEHAVRY_DATA_PLANE_TOKEN', 'BEHAVRY_LICENSE_KEY']],
    ['identity-jwks', ['BEHAVRY_LOG_LEVEL', 'BEHAVRY_JWT_PRIVATE_KEY']],
  ] as const)('of %s holds no secret of another', (name, keys) => {
    expect(Object.keys(envOf(name, ENV))).toEqual(keys);
  });
});

// Nest 12 and jose are ES modules; under Jest they are turned into CommonJS together with our sources.
const ESM_PACKAGES = [
  '@nestjs',
  'cookie',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
  'jose',
  'eventsource-parser',
  'archiver',
  're2js',
];
const { compilerOptions } = require('./tsconfig.base.json');

const moduleNameMapper = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([alias, [target]]) => [`^${alias}$`, `${__dirname}/${target}`]),
);

module.exports = {
  testEnvironment: 'node',
  moduleNameMapper,
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  transform: { '^.+\\.(ts|js|mjs)$': ['@swc/jest', require('./tools/build/swc-options.cjs')] },
  transformIgnorePatterns: [`/node_modules/(?!(?:.+/node_modules/)?(?:${ESM_PACKAGES.join('|')})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testTimeout: 30_000,
};

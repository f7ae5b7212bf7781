import nx from '@nx/eslint-plugin';
import comments from '@eslint-community/eslint-plugin-eslint-comments/configs';
import tseslint from 'typescript-eslint';

/** What each kind of room may import (docs/adr/0001). Tests may import the testing room besides. */
const ROOM_RULES = {
  'type:app': ['type:platform', 'type:proxy', 'type:pipeline', 'type:db', 'type:domain', 'type:contracts'],
  'type:proxy': ['type:platform', 'type:pipeline', 'type:domain', 'type:contracts'],
  'type:pipeline': ['type:domain', 'type:contracts'],
  'type:platform': ['type:contracts'],
  'type:db': ['type:domain', 'type:contracts'],
  'type:domain': ['type:contracts'],
  'type:contracts': [],
  'type:components': [],
  'type:test-components': ['type:components'],
  'type:testing': [
    'type:test-components',
    'type:components',
    'type:platform',
    'type:db',
    'type:domain',
    'type:contracts',
  ],
  'type:tool': [
    'type:components',
    'type:platform',
    'type:db',
    'type:domain',
    'type:contracts',
    'type:test-components',
    'type:tool',
  ],
  'type:e2e': ['type:components', 'type:test-components', 'type:domain', 'type:contracts', 'type:tool'],
};
/** Which packages the production code of a room may import, beside rooms of ours; a folder of it too, by `room/…`. */
const ROOM_PACKAGES = {
  'libs/contracts': ['class-validator'],
  'libs/domain': ['node:crypto', 're2js', '@eslint-community/regexpp'],
  'libs/pipeline': [
    ...['crypto', 'events', 'fs', 'http', 'os', 'path', 'stream', 'timers', 'worker_threads', 'zlib'].map(
      (name) => `node:${name}`,
    ),
    'prom-client',
    'undici',
  ],
  'libs/proxy': [
    ...['crypto', 'events', 'fs', 'http', 'net', 'path', 'stream', 'timers'].map((name) => `node:${name}`),
    '@nestjs/platform-fastify',
    'fastify',
    'prom-client',
    'undici',
  ],
  'libs/platform': [
    ...['crypto', 'dns', 'events', 'fs', 'http', 'net', 'os', 'path', 'stream', 'timers', 'util'].map(
      (name) => `node:${name}`,
    ),
    '@nestjs',
    '@opentelemetry',
    'bullmq',
    'class-transformer',
    'class-validator',
    'class-validator-jsonschema',
    'fastify',
    'ioredis',
    'pg',
    'pino',
    'prom-client',
    'reflect-metadata',
    'typeorm',
    'undici',
  ],
  'libs/db-*': ['node:crypto', 'typeorm'],
  'apps/*/src/domain': ['eventsource-parser', 'node:crypto', 'node:path', 're2js'],
};
const PLANE_RULES = [
  { sourceTag: 'plane:control', onlyDependOnLibsWithTags: ['plane:control', 'plane:all'] },
  { sourceTag: 'plane:data', onlyDependOnLibsWithTags: ['plane:data', 'plane:all'] },
  { sourceTag: 'path:hot', notDependOnLibsWithTags: ['type:db'] },
];

const boundaries = (extra) => [
  'error',
  {
    enforceBuildableLibDependency: false,
    allow: ['../../../../package.json'],
    depConstraints: [
      ...Object.entries(ROOM_RULES).map(([sourceTag, allowed]) => ({
        sourceTag,
        onlyDependOnLibsWithTags: [...allowed, ...extra],
      })),
      ...PLANE_RULES.map((rule) =>
        rule.onlyDependOnLibsWithTags
          ? { ...rule, onlyDependOnLibsWithTags: [...rule.onlyDependOnLibsWithTags] }
          : extra.length > 0
            ? { ...rule, notDependOnLibsWithTags: ['type:none'] }
            : rule,
      ),
    ],
  },
];

export default tseslint.config(
  { ignores: ['**/node_modules', '**/dist', '**/*.js', '**/*.cjs', '**/*.mjs', '**/*.d.ts'] },
  {
    files: ['**/*.ts'],
    extends: [
      ...tseslint.configs.strictTypeChecked,
      ...tseslint.configs.stylisticTypeChecked,
      comments.recommended,
    ],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([]),
      '@eslint-community/eslint-comments/require-description': 'error',
      '@eslint-community/eslint-comments/no-unlimited-disable': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/parameter-properties': 'off',
      '@typescript-eslint/no-inferrable-types': 'off',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      // Nest and Fastify declare their option bags as classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'no-console': 'error',
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Configuration is read in libs/platform/src/config only.',
        },
      ],
    },
  },
  {
    files: ['libs/domain/**/*.ts', 'apps/*/src/domain/**/*.ts', 'libs/contracts/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Pure rules read no environment.' },
        { object: 'Date', property: 'now', message: 'Pass the time in.' },
        { object: 'Math', property: 'random', message: 'Pass random values in.' },
      ],
    },
  },
  ...Object.entries(ROOM_PACKAGES).map(([room, packages]) => ({
    files: [room.includes('/src/') ? `${room}/**/*.ts` : `${room}/src/**/*.ts`],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(?!\\.|@behavry/|(?:${packages.join('|')})(?:/|$))`,
              message: `This room may use of packages: ${packages.join(', ')} (ROOM_PACKAGES, docs/adr/0001).`,
            },
          ],
        },
      ],
    },
  })),
  {
    files: [
      'libs/platform/src/config/**/*.ts',
      'tools/**/*.ts',
      'libs/testing/**/*.ts',
      'libs/test-components/**/*.ts',
      'apps/e2e/**/*.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['tools/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/test/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries([
        'type:testing',
        'type:test-components',
        'type:components',
        'type:platform',
        'type:db',
      ]),
      'no-restricted-properties': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);

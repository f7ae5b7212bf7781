import { opaReleaseFile } from './opa-download';
import { isAtLeast, OLDEST_OPA } from './opa-version';

describe('the version of OPA', () => {
  it.each([
    ['1.22.2', '1.22.2', true],
    ['1.23.0', '1.22.2', true],
    ['2.0.0', '1.22.2', true],
    ['1.22.10', '1.22.2', true],
    ['1.22.1', '1.22.2', false],
    ['1.9.0', '1.22.2', false],
    ['0.70.0', '1.22.2', false],
  ])('%s is at least %s: %s', (version, oldest, expected) => {
    expect(isAtLeast(version, oldest)).toBe(expected);
  });
});

it('is never one that leaves rules out', () => {
  expect(
    ['1.15.0', '1.21.3', '1.22.0', '1.22.1'].filter((version) => isAtLeast(version, OLDEST_OPA)),
  ).toEqual([]);
});

describe('the release file of OPA', () => {
  it.each([
    ['linux', 'x64', 'opa_linux_amd64_static'],
    ['linux', 'arm64', 'opa_linux_arm64_static'],
    ['darwin', 'arm64', 'opa_darwin_arm64_static'],
    ['darwin', 'x64', 'opa_darwin_amd64'],
    ['win32', 'x64', 'opa_windows_amd64.exe'],
  ] as const)('for %s on %s is %s', (platform, arch, file) => {
    expect(opaReleaseFile(platform, arch)).toBe(file);
  });
});

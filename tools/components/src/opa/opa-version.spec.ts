import { opaReleaseFile } from './opa-download';
import { isAtLeast } from './opa-version';

describe('the version of OPA', () => {
  it.each([
    ['1.21.3', '1.21.3', true],
    ['1.22.0', '1.21.3', true],
    ['2.0.0', '1.21.3', true],
    ['1.21.10', '1.21.3', true],
    ['1.21.2', '1.21.3', false],
    ['1.9.0', '1.21.3', false],
    ['0.70.0', '1.21.3', false],
  ])('%s is at least %s: %s', (version, oldest, expected) => {
    expect(isAtLeast(version, oldest)).toBe(expected);
  });
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

import { changelogSection, releaseVersion } from './release-version';

const CHANGELOG = `# Changelog

## Unreleased

## 1.2.0 – 2026-11-30

### Added

- A thing.

## [1.1.0] - 2026-10-01

- Another.
`;

describe('the version of a release', () => {
  const source = { version: '1.2.0', commit: '0123456789abcdef0123456789abcdef01234567' };

  it('is that of package.json', () => {
    expect(releaseVersion(source, false)).toBe('1.2.0');
  });

  it('names the commit when it is only tried', () => {
    expect(releaseVersion(source, true)).toBe('1.2.0-snapshot.0123456789ab');
  });
});

describe('the changes of a release', () => {
  it('are the section of its version, with or without brackets', () => {
    expect(changelogSection(CHANGELOG, '1.2.0')).toBe('### Added\n\n- A thing.\n');
    expect(changelogSection(CHANGELOG, '1.1.0')).toBe('- Another.\n');
  });

  it.each(['1.2', '1.3.0', 'Unreleased'])(
    'are none for %s, which has no section or an empty one',
    (heading) => {
      expect(changelogSection(CHANGELOG, heading)).toBeUndefined();
    },
  );
});

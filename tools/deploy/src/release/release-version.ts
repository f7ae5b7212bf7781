/** What a release is made from. */
export interface Source {
  /** `version` of package.json. */
  readonly version: string;
  /** Full hash of the commit. */
  readonly commit: string;
}

/**
 * @param isSnapshot whether it is only tried: any commit may be, under a version that sorts before the release
 * @returns the version that files and folders carry
 */
export function releaseVersion({ version, commit }: Source, isSnapshot: boolean): string {
  return isSnapshot ? `${version}-snapshot.${commit.slice(0, 12)}` : version;
}

/**
 * @param changelog text in the form of https://keepachangelog.com
 * @param heading a version, or `Unreleased`
 * @returns the section's text without its heading; nothing when there is no such section, or nothing in it
 */
export function changelogSection(changelog: string, heading: string): string | undefined {
  const sections = changelog.split(/^## /mu).slice(1);
  const section = sections.find((text) => {
    const [first = ''] = text.split('\n', 1);
    return first.replace(/^\[(.+)\]/u, '$1').split(' ', 1)[0] === heading;
  });
  const content = section?.split('\n').slice(1).join('\n').trim() ?? '';
  return content === '' ? undefined : `${content}\n`;
}

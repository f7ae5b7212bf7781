import { writeFileSync } from 'node:fs';
import { constants } from 'node:zlib';
import { TarArchive } from 'archiver';
import { knownVariables } from './configuration';
import { examine, type Report } from './examine';
import { doctorOptions } from './options';

/** More findings than this are in the bundle. */
const MOST_SHOWN = 20;

/**
 * `npm run doctor`: says what is wrong with a plane and what to do, and writes what a helper needs to see.
 * @returns whether nothing is wrong
 */
async function main(root: string, from: string): Promise<boolean> {
  const now = new Date();
  const { visit, out } = doctorOptions(process.argv.slice(2), from, now);
  const visited = visit();
  const report = await examine(visited, knownVariables(root), now);
  print(report, visited.unseen);
  writeFileSync(out, await packed(report.files), { mode: 0o600 });
  process.stdout.write(
    `\nSupport bundle: ${out} (${String(report.files.size)} files; no secrets, no payloads: look before you send it)\n`,
  );
  return report.findings.length === 0;
}

function print({ findings, seen }: Report, unseen: readonly string[]): void {
  const lines = [
    `${String(seen.processes)} processes seen, ${String(seen.answering)} answer on an ops port.`,
  ];
  if (findings.length === 0) lines.push('Nothing is wrong that can be seen from outside.');
  for (const { where, what, todo } of findings.slice(0, MOST_SHOWN))
    lines.push(`✗ ${where}: ${what}`, `    → ${todo}`);
  if (findings.length > MOST_SHOWN)
    lines.push(`… and ${String(findings.length - MOST_SHOWN)} more in findings.json`);
  for (const part of unseen) lines.push(`? not seen: ${part}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function packed(files: ReadonlyMap<string, string>): Promise<Buffer> {
  const archive = new TarArchive({ gzip: true, gzipOptions: { level: constants.Z_BEST_COMPRESSION } });
  const chunks: Buffer[] = [];
  const whole = new Promise<Buffer>((resolve, reject) => {
    archive.on('data', (chunk: Buffer) => chunks.push(chunk));
    archive.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    archive.on('error', reject);
  });
  for (const [path, content] of files) archive.append(Buffer.from(content), { name: path, mode: 0o600 });
  await archive.finalize();
  return whole;
}

void main(process.env['BEHAVRY_ROOT'] ?? process.cwd(), process.env['INIT_CWD'] ?? process.cwd()).then(
  (isWell) => process.exit(isWell ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  },
);

import { projectCommand } from './commands';

void projectCommand(process.env['BEHAVRY_ROOT'] ?? process.cwd(), process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);

/** Prints one line of progress, with the seconds since the start. */
export function say(line: string): void {
  const seconds = process.uptime().toFixed(1).padStart(6);
  process.stdout.write(`${seconds} s  ${line}\n`);
}

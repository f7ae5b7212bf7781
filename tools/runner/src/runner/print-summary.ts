import type { RunFile } from './run-file';

/** Tells a person where things are and what to try, then the one line that a script waits for. */
export function printSummary(run: RunFile, dataDir: string): void {
  const { control, data } = run.planes;
  const lines = ['', `Behavry is running (${run.mode}).`, ''];
  if (control && control.url !== data?.url)
    lines.push(`  control plane   ${control.url}   admin / ${control.admin.password}`);
  if (data && control?.url !== data.url)
    lines.push(`  data plane      ${data.url}   admin / ${data.admin.password}`);
  if (control && control.url === data?.url)
    lines.push(`  address         ${control.url}   admin / ${control.admin.password}`);
  if (data)
    lines.push(
      `  MCP             ${data.url}/mcp/v1/{server}`,
      `  OpenAI API      ${data.url}/api/v1/openai`,
    );
  if (run.demo.agent)
    lines.push(`  demo agent      ${run.demo.agent.client_id} / ${run.demo.agent.client_secret}`);
  lines.push(`  everything      ${dataDir}/run.json (logs beside it)`, '');
  lines.push('Try: npm run demo          Stop: Ctrl-C', '');
  process.stdout.write(`${lines.join('\n')}\nREADY ${(control ?? data)?.url ?? ''}\n`);
}

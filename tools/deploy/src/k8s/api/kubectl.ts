import { spawn } from 'node:child_process';

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly complaint: string;
}

/** kubectl against one cluster. */
export class Kubectl {
  constructor(
    private readonly command: string,
    readonly kubeconfig: string,
  ) {}

  /** @param input what it reads from standard input */
  async run(args: readonly string[], input = ''): Promise<Answer> {
    const child = spawn(this.command, args, {
      env: { ...process.env, KUBECONFIG: this.kubeconfig },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [out, complaint] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdin.end(input);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, out, complaint };
  }

  /** @throws Error with what kubectl says when it does not end well */
  async must(args: readonly string[], input = ''): Promise<string> {
    const { code, out, complaint } = await this.run(args, input);
    if (code !== 0)
      throw new Error(`kubectl ${args.join(' ')} ended with ${String(code)}:\n${out}${complaint}`);
    return out;
  }

  /** @returns the objects of some kinds in a namespace */
  async items<T>(namespace: string, kinds: string): Promise<readonly T[]> {
    const text = await this.must(['-n', namespace, 'get', kinds, '-o', 'json']);
    return (JSON.parse(text) as { readonly items: readonly T[] }).items;
  }
}

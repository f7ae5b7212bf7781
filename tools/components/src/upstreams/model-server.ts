import { join } from 'node:path';
import { canConnectTcp } from '../net/can-connect-tcp';
import { cleanEnv } from '../process/clean-env';
import { SupervisedProcess } from '../process/supervised-process';
import type { UpstreamOptions } from './mcp-everything';

/** A model server that speaks the APIs of OpenAI, Anthropic, Gemini and Ollama, and answers from a file. */
export function modelServer(options: UpstreamOptions & { readonly answers: string }): SupervisedProcess {
  const { root, port, answers, logFile, ledger, events = {} } = options;
  return new SupervisedProcess(
    {
      name: 'model-server',
      command: process.execPath,
      args: [
        join(root, 'node_modules/@copilotkit/aimock/dist/cli.js'),
        '--port',
        String(port),
        '--host',
        '127.0.0.1',
        '--fixtures',
        answers,
        '--log-level',
        'warn',
      ],
      env: cleanEnv(),
      logFile,
      isReady: () => canConnectTcp(port),
    },
    ledger,
    events,
  );
}

/** @param url of a model server @returns the variables by which a plane takes it for all four providers */
export function demoModels(url: string): Record<string, string> {
  const key = 'sk-demo-model-server';
  return {
    BEHAVRY_OPENAI_BASE_URL: `${url}/v1`,
    BEHAVRY_ANTHROPIC_BASE_URL: url,
    BEHAVRY_GEMINI_BASE_URL: url,
    BEHAVRY_OLLAMA_BASE_URL: url,
    BEHAVRY_SECRET_OPENAI_KEY: key,
    BEHAVRY_SECRET_ANTHROPIC_KEY: key,
    BEHAVRY_SECRET_GEMINI_KEY: key,
    BEHAVRY_SECRET_OLLAMA_KEY: key,
  };
}

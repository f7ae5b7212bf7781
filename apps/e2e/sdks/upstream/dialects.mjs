// How each provider writes an answer, as far as aimock is not asked.

const event = (data, name) =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
const line = (data) => `${JSON.stringify(data)}\n`;

const chunk = (model, choice) =>
  event({ id: 'x', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, ...choice }] });
const openai = {
  type: 'text/event-stream',
  error: (status, message) => ({
    error: { message, type: 'provider_error', param: null, code: `provider_${status}` },
  }),
  begin: (model) => chunk(model, { delta: { role: 'assistant', content: '' }, finish_reason: null }),
  piece: (model, content) => chunk(model, { delta: { content }, finish_reason: null }),
  broken: (message) => event(openai.error(500, message)),
};

const anthropic = {
  type: 'text/event-stream',
  error: (status, message) => ({
    type: 'error',
    error: { type: 'provider_error', message },
    request_id: 'r',
  }),
  begin: (model) =>
    typed('message_start', {
      message: {
        ...{ id: 'm', type: 'message', role: 'assistant', model, content: [] },
        ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 7, output_tokens: 1 } },
      },
    }) + typed('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  piece: (_model, text) => typed('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  broken: (message) => event(anthropic.error(500, message), 'error'),
};

function typed(type, members) {
  return event({ type, ...members }, type);
}

const gemini = {
  type: 'text/event-stream',
  error: (code, message) => ({ error: { code, message, status: 'UNKNOWN' } }),
  begin: () => '',
  piece: (_model, text) =>
    event({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] } }] }),
  broken: (message) => event(gemini.error(500, message)),
};

const HEAD = { created_at: '2026-01-01T00:00:00Z' };
const COUNTS = { done: true, done_reason: 'stop', prompt_eval_count: 7, eval_count: 5 };
const said = (path, content) =>
  path.endsWith('/generate') ? { response: content } : { message: { role: 'assistant', content } };
const ollama = {
  type: 'application/x-ndjson',
  error: (_status, message) => ({ error: message }),
  whole: (model, content, path) => ({ model, ...HEAD, ...said(path, content), ...COUNTS }),
  begin: () => '',
  piece: (model, content, path) => line({ model, ...HEAD, ...said(path, content), done: false }),
  end: (model, path) => line({ model, ...HEAD, ...said(path, ''), ...COUNTS }),
  broken: (message) => line({ error: message }),
};

export const DIALECTS = { openai, anthropic, gemini, ollama };

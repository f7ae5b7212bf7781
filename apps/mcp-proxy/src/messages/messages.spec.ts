import { describeRequest } from './describe-call';
import { idKey, readMessage } from './rpc-message';

const described = (method: string, params: Record<string, unknown>): unknown =>
  describeRequest({ method, params }, 1)?.call;

describe('reading a message', () => {
  it.each([
    [{ jsonrpc: '2.0', id: 0, method: 'ping' }, 'request'],
    [{ jsonrpc: '2.0', id: '', method: 'ping', params: {} }, 'request'],
    [{ jsonrpc: '2.0', method: 'notifications/x' }, 'notification'],
    [{ jsonrpc: '2.0', id: 1, result: {} }, 'response'],
    [{ jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }, 'response'],
    [{ jsonrpc: '2.0', id: 1, method: 'x', vendor: 1 }, 'request'],
  ])('%j is a %s', (value, kind) => {
    expect(readMessage(value)?.kind).toBe(kind);
  });

  it.each([
    [null],
    [[]],
    ['x'],
    [{ id: 1, method: 'ping' }],
    [{ jsonrpc: '1.0', id: 1, method: 'ping' }],
    [{ jsonrpc: '2.0', id: null, method: 'ping' }],
    [{ jsonrpc: '2.0', id: 1.5, method: 'ping' }],
    [{ jsonrpc: '2.0', id: {}, method: 'ping' }],
    [{ jsonrpc: '2.0', id: 1 }],
    [{ jsonrpc: '2.0', id: 1, method: '' }],
    [{ jsonrpc: '2.0', id: 1, method: 'x', params: [] }],
    [{ jsonrpc: '2.0', id: 1, method: 'x', result: {} }],
    [{ jsonrpc: '2.0', id: 1, result: {}, error: {} }],
    [{ jsonrpc: '2.0', id: 1, method: 'x', METHOD: 'y' }],
    [{ jsonrpc: '2.0', id: 1, method: 'x', 'method\u0000': 'y' }],
    [{ jsonrpc: '2.0', id: 1, method: 'x', paramſ: {} }],
    [{ jsonrpc: '2.0', id: 1, method: 'x', params: { 'arguments\u200b': {} } }],
    [{ jsonrpc: '2.0', id: 'x'.repeat(300), method: 'x' }],
  ])('%j is none', (value) => {
    expect(readMessage(value)).toBeUndefined();
  });

  it('keeps ids of different types apart', () => {
    expect(idKey(1)).not.toBe(idKey('1'));
  });
});

describe('describing a request', () => {
  it.each([
    [
      'tools/call',
      { name: 'delete_file', arguments: { path: '/a' } },
      {
        toolName: 'delete_file',
        action: 'delete',
        actionClass: 'delete',
        resource: '/a',
        handling: 'decide',
      },
    ],
    ['tools/call', { name: 'echo' }, { arguments: {}, handling: 'decide' }],
    [
      'resources/read',
      { uri: 'file:///x' },
      { action: 'read', actionClass: 'read', resource: 'file:///x', handling: 'decide' },
    ],
    ['prompts/get', { name: 'p' }, { action: 'get', resource: 'p' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'p' } },
      { action: 'complete', resource: 'p' },
    ],
    ['sampling/createMessage', {}, { action: 'sample', actionClass: 'execute' }],
    [
      'elicitation/create',
      { url: 'https://x' },
      { action: 'elicit', actionClass: 'send', resource: 'https://x' },
    ],
    ['tasks/get', { taskId: 'x' }, { action: 'unknown', actionClass: 'unknown', handling: 'decide' }],
    ['constructor', {}, { action: 'unknown', handling: 'decide' }],
    ['tools/list', {}, { handling: 'pass' }],
    ['initialize', {}, { handling: 'pass' }],
    ['ping', {}, { handling: 'silent' }],
  ])('%s %j', (method, params, expected) => {
    expect(described(method, params)).toMatchObject(expected);
  });

  it.each([
    ['tools/call', {}],
    ['tools/call', { name: '' }],
    ['tools/call', { name: 'x', arguments: [] }],
    ['tools/call', { name: 'x', arguments: 'y' }],
    ['tools/call', { name: 'x', task: { ttl: 1 } }],
    ['resources/read', {}],
    ['prompts/get', { name: 1 }],
  ])('%s %j lacks what it needs', (method, params) => {
    expect(described(method, params)).toBeUndefined();
  });
});

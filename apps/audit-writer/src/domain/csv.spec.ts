import type { AuditEvent } from '@behavry/contracts';
import { decisionOf } from '../../test/entries';
import { CSV_COLUMNS, csvLine } from './csv';

const event: AuditEvent = {
  ...decisionOf({}),
  seq: 1,
  outcome: 'ok',
  response_code: 200,
  latency_ms: 1.5,
  error: null,
  previous_hash: '0',
  hash: '1',
};

describe('a line of CSV', () => {
  it('quotes what needs it and leaves empty what is not there', () => {
    const line = csvLine({ ...event, target: 'a,"b"\n', tool: null });
    expect(line).toContain('"a,""b""\n"');
    expect(csvLine({ ...event, target: null }).split(',')).not.toContain('null');
  });

  it('does not let an agent write a formula', () => {
    expect(csvLine({ ...event, target: '=1+1' })).toContain(`,'=1+1,`);
    expect(csvLine({ ...event, response_code: -31403 })).toContain(',-31403,');
  });

  it('has a column for every member of an event', () => {
    const members = Object.keys(event).filter((name) => name !== 'type');
    expect([...CSV_COLUMNS].sort()).toEqual(members.sort());
  });
});

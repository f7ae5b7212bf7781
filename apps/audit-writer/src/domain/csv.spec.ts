import type { AuditEvent } from '@behavry/contracts';
import { decisionOf } from '../../test/entries';
import { abandonedRow } from './audit-rows';
import { CSV_COLUMNS, csvLine } from './csv';

const event: AuditEvent = {
  ...abandonedRow(decisionOf({})).record,
  seq: 1,
  target: '/tmp/a',
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

  it('begins with what a person looks for, and has a column for every member of an event', () => {
    expect(CSV_COLUMNS.slice(0, 3)).toEqual(['seq', 'id', 'ts']);
    const members = Object.keys(event).filter((name) => name !== 'type' && name !== 'requester');
    expect([...CSV_COLUMNS].sort()).toEqual(members.sort());
  });
});

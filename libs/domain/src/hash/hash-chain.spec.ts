import { canonicalJson } from '../canonical/canonical-json';
import { sha256HexOf } from './digest';
import { GENESIS_HASH, chainHash, verifyChain, type ChainedRow } from './hash-chain';

interface Row extends ChainedRow {
  readonly note: string;
}

function chain(length: number): Row[] {
  const rows: Row[] = [];
  let previous_hash = GENESIS_HASH;
  for (let seq = 1; seq <= length; seq++) {
    const hash = chainHash({ seq, note: `row ${String(seq)}` }, previous_hash);
    rows.push({ seq, note: `row ${String(seq)}`, previous_hash, hash });
    previous_hash = hash;
  }
  return rows;
}

describe('the hash chain', () => {
  it('hashes the canonical row without its hashes, followed by the hash before it', () => {
    const row = { seq: 1, note: 'é', previous_hash: 'x', hash: 'y' };
    expect(chainHash(row, 'ab')).toBe(sha256HexOf(`${canonicalJson({ note: 'é', seq: 1 })}ab`));
  });

  it('accepts an untouched chain, whole and in pages', () => {
    const rows = chain(10);
    expect(verifyChain(rows)).toMatchObject({ ok: true, checked: 10, head: { seq: 10 } });
    const first = verifyChain(rows.slice(0, 4));
    if (!first.ok) throw new Error('the first page must hold');
    expect(verifyChain(rows.slice(4), first.head)).toMatchObject({ ok: true, checked: 6 });
  });

  it.each(['note', 'hash', 'previous_hash'] as const)('names the row whose %s was changed', (member) => {
    const rows = chain(5);
    rows[2] = { ...rows[2]!, [member]: 'forged' };
    expect(verifyChain(rows)).toEqual({ ok: false, checked: 2, first_bad: { seq: 3, kind: 'modified' } });
  });

  it('names a row that was taken out', () => {
    const rows = chain(5);
    rows.splice(2, 1);
    expect(verifyChain(rows)).toMatchObject({ first_bad: { seq: 3, kind: 'missing' } });
  });

  it('names the place where rows were swapped', () => {
    const [a, b, c] = chain(3) as [Row, Row, Row];
    expect(verifyChain([a, c, b])).toMatchObject({ first_bad: { seq: 2, kind: 'reordered' } });
  });
});

import { standsAlone } from './stands-alone';

describe('standsAlone', () => {
  it.each([
    ['a reference', 'x if data.behavry.base.other.y', false],
    ['a bracket', 'x if data["behavry"].base', false],
    ['an import', 'import data.behavry.base.other', false],
    ['a replaced document', 'x with data.behavry.index as {}', false],
    ['the whole document', 'x := data', false],
    ['only the input', 'x if input.request.metadata == "database"', true],
  ])('%s', (_what, body, is) => {
    expect(standsAlone({ content: `package behavry.base.a\n\n${body}\n` })).toBe(is);
  });
});

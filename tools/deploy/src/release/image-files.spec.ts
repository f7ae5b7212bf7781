import { otherThanReleased } from './image-files';

const file = (path: string, text: string): { path: string; mode: number; content: Buffer } => ({
  path,
  mode: 0o644,
  content: Buffer.from(text),
});

describe('an image beside what is released', () => {
  const app = [file('main.js', 'program'), file('main.js.map', 'map'), file('policies/a.rego', 'a')];

  it('has the same program, and may have less and more', () => {
    const image = [file('opt/behavry/main.js', 'program'), file('usr/local/bin/node', 'node')];
    expect(otherThanReleased(image, app)).toEqual([]);
  });

  it('is refused for another program, another policy, or no program', () => {
    expect(otherThanReleased([file('opt/behavry/main.js', 'other')], app)).toEqual(['main.js']);
    expect(
      otherThanReleased(
        [file('opt/behavry/main.js', 'program'), file('opt/behavry/policies/a.rego', 'b')],
        app,
      ),
    ).toEqual(['policies/a.rego']);
    expect(otherThanReleased([file('main.js', 'program')], app)).toEqual(['main.js']);
  });
});

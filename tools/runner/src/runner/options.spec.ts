import { parseOptions } from './options';

describe('the command line of npm start', () => {
  it('has the documented defaults', () => {
    expect(parseOptions([], '/w')).toEqual({
      mode: 'standalone',
      port: 8000,
      dataDir: '/w/.behavry',
      isReset: false,
      hasDemo: true,
      replicas: 1,
    });
  });

  it('reads every option', () => {
    expect(
      parseOptions(
        ['--mode', 'pair', '--port=9000', '--data-dir', '/d', '--reset', '--no-demo', '--replicas', '2'],
        '/w',
      ),
    ).toEqual({
      mode: 'pair',
      port: 9000,
      dataDir: '/d',
      isReset: true,
      hasDemo: false,
      replicas: 2,
    });
  });

  it.each([
    [['--mode', 'both']],
    [['--port', 'x']],
    [['--port', '0']],
    [['--port', '65500']],
    [['--replicas', '3']],
    [['--what']],
    [['extra']],
  ])('refuses %j and says how it is used', (args) => {
    expect(() => parseOptions(args, '/w')).toThrow(/npm start -- /u);
  });
});

import { BadRequestException, ForbiddenException } from '@nestjs/common';
import { ProblemError } from './problem-error';
import { problemOf } from './problem.filter';

describe('a thrown value', () => {
  it.each([
    [
      'a body that is not JSON',
      Object.assign(new SyntaxError('Unexpected token in JSON'), { statusCode: 400 }),
      'malformed_json',
    ],
    [
      'the same from Nest',
      new BadRequestException("Body is not valid JSON but content-type is 'application/json'"),
      'malformed_json',
    ],
    ['a refusal of the framework', new ForbiddenException(), 'forbidden'],
    [
      'a body that is too large',
      Object.assign(new Error('too large'), { statusCode: 413 }),
      'payload_too_large',
    ],
    ['an inner fault that speaks of JSON', new SyntaxError('Unexpected end of JSON input'), 'internal'],
    ['a database that is away', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'unavailable'],
    ['nothing at all', undefined, 'internal'],
  ])('%s', (_what, thrown, code) => {
    expect(problemOf(thrown).code).toBe(code);
  });

  it('that is ours passes as it is', () => {
    const problem = new ProblemError('not_found', 'x');
    expect(problemOf(problem)).toBe(problem);
  });

  it('of ours or not shows nothing of an inner fault', () => {
    expect(problemOf(new Error('password=hunter2')).detail).not.toContain('hunter2');
  });
});

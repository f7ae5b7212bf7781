import * as classTransformer from 'class-transformer';
import * as classValidator from 'class-validator';
import { ValidationPipe } from '@nestjs/common';
import { ProblemError, type FieldFault } from './problem-error';

interface Fault {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>> | undefined;
  readonly children?: readonly Fault[] | undefined;
}

/** The one validation of REST bodies and queries: unknown members are refused, all faults come at once. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    validatorPackage: classValidator,
    transformerPackage: classTransformer,
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    stopAtFirstError: false,
    validationError: { target: false, value: false },
    exceptionFactory: (faults: readonly Fault[]) => validationProblem(faults),
  });
}

/**
 * Checks a body by hand, for routes that accept members they do not know (heartbeats of newer planes).
 * @throws ProblemError 422
 */
export function validated<T extends object>(type: new () => T, body: unknown): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ProblemError('validation_failed', 'The body must be a JSON object.');
  }
  const instance = classTransformer.plainToInstance(type, body);
  const faults = classValidator.validateSync(instance, { validationError: { target: false, value: false } });
  if (faults.length > 0) throw validationProblem(faults);
  return instance;
}

function validationProblem(faults: readonly Fault[]): ProblemError {
  const errors = faults.flatMap((fault) => flatten(fault, ''));
  return new ProblemError('validation_failed', `${String(errors.length)} field(s) are not valid.`, {
    errors,
  });
}

function flatten(fault: Fault, path: string): FieldFault[] {
  const field = path === '' ? fault.property : `${path}.${fault.property}`;
  const own = Object.values(fault.constraints ?? {}).map((message) => ({ field, message }));
  return [...own, ...(fault.children ?? []).flatMap((child) => flatten(child, field))];
}

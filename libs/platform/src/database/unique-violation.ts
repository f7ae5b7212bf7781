import { QueryFailedError } from 'typeorm';

/** @returns the name of the unique constraint that an error of the database names, else undefined */
export function uniqueViolation(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' ? (constraint ?? '') : undefined;
}

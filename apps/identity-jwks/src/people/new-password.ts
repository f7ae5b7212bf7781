import { ProblemError } from '@behavry/platform';
import { passwordFault } from '../domain/password-rules';

/**
 * @param field of the body that holds the password
 * @throws ProblemError 422 when a new password is not good enough for this person
 */
export function refuseWeak(
  password: string,
  field: string,
  { username, email }: { readonly username: string; readonly email: string | null },
): void {
  const fault = passwordFault(password, [username, email]);
  if (fault === undefined) return;
  throw new ProblemError('validation_failed', 'Choose another password.', {
    errors: [{ field, message: `${field} ${fault}` }],
  });
}

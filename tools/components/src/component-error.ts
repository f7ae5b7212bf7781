/** A real component that cannot be had or does not work: the message says what to do about it. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';

  constructor(
    readonly component: string,
    message: string,
  ) {
    super(message);
  }
}

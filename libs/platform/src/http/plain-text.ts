import { applyDecorators } from '@nestjs/common';
import { IsString, Length, Matches } from 'class-validator';

/** A text of one line, 1 to `max` characters, without control characters (PostgreSQL refuses NUL in text). */
export function PlainText(max: number): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Length(1, max),
    Matches(/^[^\p{Cc}]*$/u, { message: '$property must not hold control characters' }),
  );
}

/** A list of at most 100 such texts. */
export function PlainTexts(max: number): PropertyDecorator {
  return applyDecorators(
    IsString({ each: true }),
    Length(1, max, { each: true }),
    Matches(/^[^\p{Cc}]*$/u, {
      each: true,
      message: 'each value in $property must not hold control characters',
    }),
  );
}

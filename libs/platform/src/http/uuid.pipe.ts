import { Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { ProblemError } from '../errors/problem-error';

/** An id in a path: what is no UUID is the id of nothing. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!isUUID(value)) throw new ProblemError('not_found', 'There is nothing with this id.');
    return value.toLowerCase();
  }
}

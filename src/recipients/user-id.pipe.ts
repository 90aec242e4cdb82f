import { Injectable, type PipeTransform } from '@nestjs/common';
import { invalidField } from '../platform/errors/index.js';
import { MAX_USER_ID } from './user-row.js';

/** The `{userId}` of a path, which may create a user: 1 to 255 characters, as in a body. @throws Problem 400 */
@Injectable()
export class UserIdPipe implements PipeTransform<string, string> {
  transform(userId: string): string {
    if (userId.length > MAX_USER_ID) throw invalidField('userId', `must be a text of 1 to ${MAX_USER_ID} characters`);
    return userId;
  }
}

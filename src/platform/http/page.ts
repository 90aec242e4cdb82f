import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { invalidField } from '../errors/index.js';

/** `?limit=&cursor=` of every list. */
export class PageQuery {
  @IsOptional()
  @Transform(({ value }) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value))
  @IsInt() @Min(1) @Max(200)
  limit: number = 50;

  @IsOptional() @IsString() @MaxLength(500)
  cursor?: string;
}

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

/**
 * A page out of `limit + 1` rows: the surplus row only says that there is more.
 * @param position what the next page starts after, taken from the page's last row.
 */
export function toPage<T>(rows: T[], limit: number, position: (last: T) => string): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null };
}

export function encodeCursor(position: string): string {
  return Buffer.from(position, 'utf8').toString('base64url');
}

/** @throws Problem 400 for a cursor that this server did not make. */
export function decodeCursor(cursor: string | undefined): string | null {
  if (cursor === undefined || cursor === '') return null;
  const position = Buffer.from(cursor, 'base64url').toString('utf8');
  if (encodeCursor(position) !== cursor || position.includes('\0')) throw invalidField('cursor', 'is not a cursor of this list');
  return position;
}

/** A cursor that holds a bigint id. */
export function decodeIdCursor(cursor: string | undefined): string | null {
  const id = decodeCursor(cursor);
  if (id !== null && !/^\d{1,18}$/.test(id)) throw invalidField('cursor', 'is not a cursor of this list');
  return id;
}

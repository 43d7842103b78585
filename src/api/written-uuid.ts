import { Uuid } from '../domain/ids.ts';

/** The name of something, as a caller may write it: in small letters afterwards, as all ids are. */
export const WrittenUuid = Uuid.toLowerCase();

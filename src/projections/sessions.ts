import { z } from 'zod';
import { Uuid } from '../domain/ids.ts';
import { first, latest, projection } from './projection.ts';
import { query } from './query.ts';

export const sessions = projection(
  'sessions',
  {
    meaning: 'One row a session: who signed in, until when, and whether they signed out before.',
    group: 'analytics',
    version: 1,
    key: { session_id: 'uuid' },
    columns: {
      member_id: first('uuid'),
      started_at: first('timestamptz', 'when the member signed in'),
      expires_at: latest('timestamptz', 'when it ends by itself'),
      ended_at: latest('timestamptz', 'when the member signed out; null: not'),
    },
    indexes: ['(expires_at) WHERE ended_at IS NOT NULL'],
  },
  {
    LoginSucceeded: ({ data, meta }) => [
      {
        session_id: data.sessionId,
        member_id: data.memberId,
        started_at: meta.recordedAt,
        expires_at: data.expiresAt,
      },
    ],
    LoggedOut: ({ data, meta }) => [
      { session_id: data.sessionId, member_id: data.memberId, ended_at: meta.recordedAt },
    ],
  },
);

export const EndedSession = z.object({ session_id: Uuid });

/** Sessions that were signed out and would otherwise still be good. */
export const endedSessions = () =>
  query(EndedSession)`
    SELECT session_id FROM read.sessions
    WHERE ended_at IS NOT NULL AND (expires_at IS NULL OR expires_at > now() - interval '1 hour')`;

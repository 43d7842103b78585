import type { RoutedCall } from '../../domain/route/conditions.ts';
import { unmetBy } from '../../domain/route/conditions.ts';
import type { Candidate } from '../../domain/route/events.ts';
import { CallFault } from './call-fault.ts';
import type { Upstream } from './upstream.ts';

/** Who may answer, as this process knows it now. */
export interface WhoAnswers {
  /** Those that may be asked. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** It is switched on, and asked as soon as it is opened; absent: who isn't open never is. */
  readonly isSetUp?: (upstream: string) => boolean;
}

/**
 * Why none of an alias's candidates takes a call: one is being opened, one may be switched on again or
 * has other hours, or none is for such calls at all. Without a call its conditions count for nothing.
 */
export function nobodyFor(
  candidates: readonly Candidate[],
  { upstreams, isSetUp = () => false }: WhoAnswers,
  call?: RoutedCall,
): CallFault {
  const unmet = ({ conditions }: Candidate) =>
    call && conditions ? unmetBy(conditions, call) : undefined;
  const away = candidates.filter(
    (each) => !upstreams.has(each.upstream) && unmet(each) === undefined,
  );
  if (away.some(({ upstream }) => isSetUp(upstream))) {
    return nobody('model_opening', 'An upstream of this model is being opened.');
  }
  if (away.length > 0) return nobody('model_unavailable', 'No upstream of this model is set up.');
  if (candidates.some((each) => unmet(each) === 'hours')) {
    return nobody('model_unavailable', 'No upstream of this model has such hours.');
  }
  return nobody('model_not_routed', 'No candidate of this model is for such calls.');
}

const nobody = (
  code: 'model_opening' | 'model_unavailable' | 'model_not_routed',
  message: string,
): CallFault => new CallFault(code, message, { param: 'model' });

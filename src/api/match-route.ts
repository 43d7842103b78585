import type { Route } from './route.ts';

export type Match =
  | {
      readonly kind: 'found';
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'wrong_method'; readonly routes: readonly Route[] }
  | { readonly kind: 'unknown' };

/**
 * Finds the route of a method and a raw path; `HEAD` is answered by `GET`. A last segment such as `:model*`
 * takes all that is left of the path, slashes included.
 */
export function matcher(routes: readonly Route[]): (method: string, path: string) => Match {
  const plain = Map.groupBy(
    routes.filter(({ path }) => !path.includes(':')),
    ({ path }) => path,
  );
  const patterned = routes
    .filter(({ path }) => path.includes(':'))
    .map((route) => ({ route, segments: route.path.split('/') }));

  return (method, path) => {
    const exact = plain.get(path) ?? [];
    const named = byMethod(method, exact, {});
    if (named.kind === 'found') return named;
    const segments = path.split('/').map(decodedSegment);
    const fitting = patterned.filter((each) => fits(each.segments, segments));
    const [first] = fitting;
    if (!first) return exact.length > 0 ? named : { kind: 'unknown' };
    // A thing may have the name of a path beside it, which knows other methods.
    const all = [...exact, ...fitting.map(({ route }) => route)];
    return byMethod(method, all, paramsOf(first.segments, segments));
  };
}

function byMethod(
  method: string,
  routes: readonly Route[],
  params: Readonly<Record<string, string>>,
): Match {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const route = routes.find((each) => each.method === wanted);
  return route ? { kind: 'found', route, params } : { kind: 'wrong_method', routes };
}

/** Undefined for what is no text in percent-encoding, which then fits nothing. */
function decodedSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

type Segments = readonly (string | undefined)[];

const takesRest = (pattern: readonly string[]): boolean => pattern.at(-1)?.endsWith('*') ?? false;

const fits = (pattern: readonly string[], segments: Segments): boolean =>
  (pattern.length === segments.length ||
    (takesRest(pattern) && segments.length > pattern.length && !segments.includes(undefined))) &&
  pattern.every((each, index) =>
    each.startsWith(':') ? segments[index] : each === segments[index],
  );

const paramsOf = (pattern: readonly string[], segments: Segments) =>
  Object.fromEntries(
    pattern.flatMap((each, index) => {
      if (!each.startsWith(':')) return [];
      if (!each.endsWith('*')) return [[each.slice(1), segments[index] ?? '']];
      return [[each.slice(1, -1), segments.slice(index).join('/')]];
    }),
  );

import type { Logger } from 'pino';
import type { ProviderKey, UpstreamKind, UpstreamTerms } from '../../domain/upstream/events.ts';
import { backOff } from '../back-off.ts';
import { CallFault } from './call-fault.ts';
import { familyOf } from './tokenizer.ts';
import type { OpenUpstream, Upstream } from './upstream.ts';

/** An upstream that the environment names, as it is asked. */
export interface FixedUpstream extends Pick<UpstreamTerms, 'kind' | 'baseUrl'> {
  readonly id: string;
  /** Empty: it wants none. */
  readonly apiKey: string;
}

/** What an upstream is opened with: its keys in the clear, none where it wants none. */
export interface Opening {
  readonly id: string;
  readonly kind: UpstreamKind;
  readonly baseUrl: string;
  readonly keys: readonly { readonly keyId: string; readonly apiKey: string }[];
}

export interface LiveUpstreamParts {
  readonly fixed: readonly FixedUpstream[];
  /** Needs nobody's key, and is always there. */
  readonly builtIn: Upstream;
  readonly open: (opening: Opening) => OpenUpstream & { resting?(): readonly string[] };
  /** Reads a key from the vault; rejects when it isn't there. */
  readonly keyOf: (id: string, key: ProviderKey) => Promise<string>;
  readonly log: Pick<Logger, 'error'>;
}

export type UpstreamSource = 'built_in' | 'environment' | 'log';

/** An upstream as this process knows it. */
export interface KnownUpstream {
  readonly id: string;
  readonly source: UpstreamSource;
  /** Absent for the one that is built in. */
  readonly terms?: UpstreamTerms;
  /** Calls may be sent to it now. */
  readonly isOpen: boolean;
  /** Of its keys, those that are left alone at the moment. */
  readonly resting: readonly string[];
}

export interface LiveUpstreams {
  /** Those that calls may be sent to; changes while it is looked at, never what a call has in hand. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** All that a route may name, those that are switched off included. */
  known(): readonly KnownUpstream[];
  /** It is switched on, whether it could be opened yet or not. */
  isSetUp(id: string): boolean;
  capacityOf(id: string): number | null;
  probeOf(id: string): ((signal: AbortSignal) => Promise<void>) | undefined;
  /**
   * Opens, replaces or closes; what is in flight ends where it began. Undefined: the log has none of that
   * name any more, and the environment's answers to it again where there is one.
   */
  change(id: string, terms: UpstreamTerms | undefined): void;
  /** Every change so far was made, or tried once. */
  settled(): Promise<void>;
  /** Calls back whenever another upstream answers to a name. */
  onReplaced(listener: (id: string) => void): void;
  close(): Promise<void>;
}

type Opened = ReturnType<LiveUpstreamParts['open']>;

interface Slot {
  readonly id: string;
  readonly facade: Upstream;
  source: UpstreamSource;
  terms: KnownUpstream['terms'];
  opened: Opened | undefined;
  /** The first try of the newest terms. */
  tried: Promise<void>;
}

export function liveUpstreams(parts: LiveUpstreamParts): LiveUpstreams {
  const { fixed, builtIn, open, log } = parts;
  const closing = new AbortController();
  const { signal } = closing;
  const slots = new Map<string, Slot>();
  const upstreams = new Map<string, Upstream>();
  const leaving = leavers(log);
  const listeners: ((id: string) => void)[] = [];

  const slotOf = (id: string, source: UpstreamSource): Slot => {
    const slot = slots.get(id) ?? newSlot(id, source);
    slot.source = source;
    slots.set(id, slot);
    return slot;
  };

  /** A call in hand goes to whoever answers to the name by then. */
  const put = (slot: Slot, opened: Opened | undefined) => {
    const before = slot.opened;
    slot.opened = opened;
    if (opened) upstreams.set(slot.id, slot.facade);
    else upstreams.delete(slot.id);
    for (const listener of listeners) listener(slot.id);
    if (before) leaving.add(slot.id, before);
  };

  async function follow(slot: Slot, terms: UpstreamTerms): Promise<void> {
    const needed = terms.enabled ? await opening(slot.id, terms, parts) : undefined;
    if (slot.terms === terms && !signal.aborted) put(slot, needed && open(needed));
  }

  upstreams.set(builtIn.id, builtIn);
  const openFixed = ({ id, kind, baseUrl, apiKey }: FixedUpstream) => {
    const slot = slotOf(id, 'environment');
    slot.terms = { kind, baseUrl, capacity: null, enabled: true, keys: [] };
    put(slot, open({ id, kind, baseUrl, keys: apiKey === '' ? [] : [{ keyId: id, apiKey }] }));
  };
  for (const each of fixed) openFixed(each);

  const remove = (id: string) => {
    const named = fixed.find((each) => each.id === id);
    if (named) return openFixed(named);
    const slot = slots.get(id);
    if (!slot) return;
    slots.delete(id);
    slot.terms = undefined;
    put(slot, undefined);
  };

  return {
    upstreams,
    known: () => [...[...slots.values()].map(knownOf), knownBuiltIn(builtIn)],
    isSetUp: (id) => id === builtIn.id || slots.get(id)?.terms?.enabled === true,
    capacityOf: (id) => slots.get(id)?.terms?.capacity ?? null,
    probeOf: (id) => slots.get(id)?.opened?.probe,
    change(id, terms) {
      if (!terms) return remove(id);
      const slot = slotOf(id, 'log');
      slot.terms = terms;
      const { promise, resolve } = Promise.withResolvers<void>();
      slot.tried = promise;
      const isNewest = () => slot.terms === terms && !signal.aborted;
      const failed = (err: unknown) => {
        log.error({ err, upstream: id }, 'an upstream could not be opened');
        resolve();
      };
      void atLast(() => follow(slot, terms), { isNewest, failed, signal }).then(resolve);
    },
    async settled() {
      await Promise.all([...slots.values()].map(({ tried }) => tried));
    },
    onReplaced: (listener) => void listeners.push(listener),
    async close() {
      closing.abort();
      const open = [...slots.values()].flatMap(({ opened }) => opened ?? []);
      await Promise.all([...open, ...leaving.all()].map((opened) => opened.close()));
    },
  };
}

/** Those that were replaced, as long as they still answer what they were asked. */
function leavers(log: LiveUpstreamParts['log']) {
  const leaving = new Set<Opened>();
  return {
    add(id: string, opened: Opened): void {
      leaving.add(opened);
      const failed = (err: unknown) =>
        log.error({ err, upstream: id }, 'an upstream that was replaced did not close well');
      void opened
        .finish()
        .catch(failed)
        .finally(() => leaving.delete(opened));
    },
    all: (): Iterable<Opened> => leaving,
  };
}

/** With its keys in the clear. */
async function opening(
  id: string,
  { kind, baseUrl, keys }: UpstreamTerms,
  { keyOf }: Pick<LiveUpstreamParts, 'keyOf'>,
): Promise<Opening> {
  const clear = keys.map(async (key) => ({ keyId: key.keyId, apiKey: await keyOf(id, key) }));
  return { id, kind, baseUrl, keys: await Promise.all(clear) };
}

interface Trying {
  readonly isNewest: () => boolean;
  readonly failed: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Until it is done, or there are newer terms. */
async function atLast(follow: () => Promise<void>, { isNewest, failed, signal }: Trying) {
  for (let failures = 0; isNewest(); failures += 1) {
    try {
      return await follow();
    } catch (error) {
      failed(error);
      await backOff(failures, { firstMs: 200, mostMs: 30_000, signal }).catch(() => undefined);
    }
  }
}

function newSlot(id: string, source: UpstreamSource): Slot {
  const slot: Slot = {
    ...{ id, source, terms: undefined, opened: undefined, tried: Promise.resolve() },
    facade: {
      id,
      serves: (endpoint) => slot.opened?.serves(endpoint) ?? false,
      family: (model) => (slot.opened ? slot.opened.family(model) : familyOf(model)),
      omits: (endpoint, body) => slot.opened?.omits?.(endpoint, body) ?? [],
      ask: (request) => (slot.opened ? slot.opened.ask(request) : Promise.reject(switchedOff())),
    },
  };
  return slot;
}

const switchedOff = () =>
  new CallFault('upstream_failed', 'The upstream was switched off.', {
    retryable: true,
    isWell: true,
  });

const knownBuiltIn = ({ id }: Upstream): KnownUpstream => ({
  ...{ id, source: 'built_in', isOpen: true, resting: [] },
});

const knownOf = ({ id, source, terms, opened }: Slot): KnownUpstream => ({
  ...{ id, source, isOpen: opened !== undefined, resting: opened?.resting?.() ?? [] },
  ...(terms ? { terms } : {}),
});

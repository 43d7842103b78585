import type { z } from 'zod';
import { Asset, CreditKind, Currency, Leg, UnitAsset } from '../../src/domain/accounts.ts';
import { EmailHash } from '../../src/domain/email/events.ts';
import { Actor, Envelope } from '../../src/domain/envelope.ts';
import { Instant, Uuid } from '../../src/domain/ids.ts';
import { Role } from '../../src/domain/member/events.ts';
import { Amount, Price } from '../../src/domain/money.ts';
import { Alias, Prices } from '../../src/domain/price-list/events.ts';
import { Usage } from '../../src/domain/price-list/usage.ts';
import { Candidate } from '../../src/domain/route/events.ts';
import { WalletBook } from '../../src/domain/wallet/book.ts';
import {
  Basis,
  CallFacts,
  CallOutcome,
  Cost,
  Counted,
  EndedCall,
  LotPart,
  PriceUsed,
} from '../../src/domain/wallet/call-events.ts';
import { Limit, LimitMeasure, LimitWindow } from '../../src/domain/wallet/limit-events.ts';
import { NewLot, Past, TakenLot } from '../../src/domain/wallet/lot-events.ts';
import type { SharedOf } from './fields-of.ts';
import { meaningOf } from './fields-of.ts';

/** Schemas that the API has too, where such a sentence would stand at every field. */
const plain: Readonly<Record<string, string>> = {
  Uuid: 'an id: a UUID',
  Instant: 'a moment, RFC 3339 in UTC with milliseconds, so that text order is time order',
  Amount: 'a decimal as text, with at most 26 + 12 digits and no trailing zeros; never a float',
  Price: 'a decimal as text: what one million tokens cost, with at most six decimals',
  Currency: 'an ISO 4217 code, e.g. `CNY`',
  UnitAsset: 'what an allowance counts',
  Asset: 'what is owned and paid with: a currency or a unit',
  CreditKind: 'where a lot comes from, and so which accounts it moves',
  Role: 'what a member may do beyond its own affairs',
};

/** Types that several events share, by the name under which the code exports them. */
export const sharedTypes: Readonly<Record<string, z.ZodType>> = {
  Envelope,
  Actor,
  Uuid,
  Instant,
  Amount,
  Price,
  Currency,
  UnitAsset,
  Asset,
  CreditKind,
  Role,
  EmailHash,
  Alias,
  Prices,
  Usage,
  Candidate,
  Leg,
  Past,
  NewLot,
  TakenLot,
  LotPart,
  CallFacts,
  EndedCall,
  PriceUsed,
  Basis,
  CallOutcome,
  Cost,
  Counted,
  Limit,
  LimitWindow,
  LimitMeasure,
  WalletBook,
};

// A schema that only says more about itself is a copy with the same definition.
const byDefinition = new Map(
  Object.entries(sharedTypes).map(([name, schema]) => [
    schema._zod.def as unknown,
    { name, meaning: meaningOf(schema) ?? plain[name] },
  ]),
);

export const sharedOf: SharedOf = (schema) => byDefinition.get(schema._zod.def);

import { alias } from '../../domain/alias/decider.ts';
import { aliasEvents } from '../../domain/alias/events.ts';
import { apiKey } from '../../domain/api-key/decider.ts';
import { apiKeyEvents } from '../../domain/api-key/events.ts';
import { budget } from '../../domain/budget/decider.ts';
import { budgetEvents } from '../../domain/budget/events.ts';
import { clientApp } from '../../domain/client-app/decider.ts';
import { clientAppEvents } from '../../domain/client-app/events.ts';
import { refusedEvent } from '../../domain/command-refused.ts';
import { email } from '../../domain/email/decider.ts';
import { emailEvents } from '../../domain/email/events.ts';
import { member } from '../../domain/member/decider.ts';
import { memberEvents } from '../../domain/member/events.ts';
import { priceList } from '../../domain/price-list/decider.ts';
import { priceListEvents } from '../../domain/price-list/events.ts';
import { readModel } from '../../domain/read-model/decider.ts';
import { readModelEvents } from '../../domain/read-model/events.ts';
import { route } from '../../domain/route/decider.ts';
import { routeEvents } from '../../domain/route/events.ts';
import { settings } from '../../domain/settings/decider.ts';
import { settingsEvents } from '../../domain/settings/events.ts';
import { upstream } from '../../domain/upstream/decider.ts';
import { upstreamEvents } from '../../domain/upstream/events.ts';
import { walletBooks } from '../../domain/wallet/books.ts';
import { wallet } from '../../domain/wallet/decider.ts';
import { walletEvents } from '../../domain/wallet/events.ts';
import type { SingleWriterParts } from './single-writer.ts';
import { singleWriter } from './single-writer.ts';

export type Runners = ReturnType<typeof runners>;

/** Every noun with its writer. */
export const runners = (parts: SingleWriterParts) => ({
  alias: singleWriter({ decider: alias, events: aliasEvents }, parts),
  apiKey: singleWriter({ decider: apiKey, events: apiKeyEvents }, parts),
  budget: singleWriter({ decider: budget, events: budgetEvents }, parts),
  clientApp: singleWriter({ decider: clientApp, events: clientAppEvents }, parts),
  email: singleWriter({ decider: email, events: emailEvents }, parts),
  member: singleWriter({ decider: member, events: memberEvents }, parts),
  priceList: singleWriter({ decider: priceList, events: priceListEvents }, parts),
  readModel: singleWriter({ decider: readModel, events: readModelEvents }, parts),
  route: singleWriter({ decider: route, events: routeEvents }, parts),
  settings: singleWriter({ decider: settings, events: settingsEvents }, parts),
  upstream: singleWriter({ decider: upstream, events: upstreamEvents }, parts),
  wallet: singleWriter(
    { decider: wallet, events: walletEvents, books: walletBooks, refused: refusedEvent },
    parts,
  ),
});

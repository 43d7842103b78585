// What the program relies on in an event log, and what EventStoreDB shows through its own client: on the
// embedded node, or on whatever EVENTSTORE_URL names.
import './appending.contract.ts';
import './deleting.contract.ts';
import './metadata.contract.ts';
import './reading.contract.ts';
import './subscribing.contract.ts';
import './filtering.contract.ts';

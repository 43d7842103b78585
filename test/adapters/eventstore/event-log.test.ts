// On the embedded node, or on whatever EVENTSTORE_URL names.
import './event-log.contract.ts';

import test from 'ava';
import { memoryJournal } from '../../support/memory-journal.ts';
import { journalContract } from './journal.contract.ts';

const journal = memoryJournal();

journalContract(test, () => journal);

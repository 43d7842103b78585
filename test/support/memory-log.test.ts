import test from 'ava';
import { logContract } from '../adapters/eventstore/log.contract.ts';
import { memoryLog } from './memory-log.ts';

logContract(test, () => Promise.resolve(memoryLog()));

import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
import { aliasFor } from '../../../src/domain/settings/alias-for.ts';
import { settings } from '../../../src/domain/settings/decider.ts';
import { given } from '../../support/given.ts';

const appoint = (who: string) => ({
  type: 'AppointFirstAdmin' as const,
  memberId: nameId(who),
  walletId: nameId(`${who}/wallet`),
});
const appointed = {
  type: 'FirstAdminAppointed' as const,
  data: { memberId: nameId('ann'), walletId: nameId('ann/wallet') },
};

test('an installation is set up once', (t) => {
  given(settings)(t).when(appoint('ann')).yields(appointed);
  given(settings, appointed)(t).when(appoint('ann')).yields();
  given(settings, appointed)(t).when(appoint('bob')).isRefused('already_set_up');
});

const usual = { defaultAlias: null, unknownAlias: null, plansUrl: null, accountUrl: null };
const changed = (terms: Partial<Parameters<typeof aliasFor>[1]>) => ({
  type: 'SettingsChanged' as const,
  data: { ...usual, ...terms },
});

test('settings are changed one by one, and only when they change', (t) => {
  const change = (changes: object) => ({ type: 'ChangeSettings' as const, changes });
  given(
    settings,
    appointed,
  )(t)
    .when(change({ defaultAlias: null }))
    .yields();
  given(
    settings,
    appointed,
  )(t)
    .when(change({ defaultAlias: 'demo' }))
    .yields(changed({ defaultAlias: 'demo' }));
  given(
    settings,
    changed({ defaultAlias: 'demo' }),
  )(t)
    .when(change({ unknownAlias: 'other' }))
    .yields(changed({ defaultAlias: 'demo', unknownAlias: 'other' }));
  given(
    settings,
    appointed,
    changed({ defaultAlias: 'demo' }),
  )(t)
    .when(appoint('bob'))
    .isRefused('already_set_up');
});

test('a name that is an alias stands for itself, others for what the operator has said', (t) => {
  const known = (alias: string) => alias === 'demo' || alias === 'small';
  const said = { defaultAlias: 'demo', unknownAlias: 'small' };
  t.is(aliasFor('demo', said, known), 'demo');
  t.is(aliasFor(undefined, said, known), 'demo');
  t.is(aliasFor('gpt-99', said, known), 'small');
  t.is(aliasFor(undefined, usual, known), undefined);
  t.is(aliasFor('gpt-99', usual, known), undefined);
  t.is(aliasFor('gpt-99', { ...said, unknownAlias: 'gone' }, known), undefined);
});

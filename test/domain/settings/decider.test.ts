import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
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

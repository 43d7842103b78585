import { price } from '../support/wallets.ts';

/** A list that prices each class of text apart. */
export const dear = {
  ...price,
  prices: { ...price.prices, cacheWrite: '1.25', reasoning: '4', request: '0.0001' },
};
/** A list that sells everything there is. */
export const whole = {
  ...dear,
  prices: {
    ...dear.prices,
    ...{ audioInput: '6', audioOutput: '12', imageInput: '8', imageOutput: '30' },
    ...{ image: '0.0004', second: '0.00001', character: '0.000015' },
  },
};

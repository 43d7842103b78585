import type { CatalogueRows } from '../../src/adapters/postgres/index-rows.ts';

/** Of read models that nothing has been written to. */
export const noCatalogueRows: CatalogueRows = {
  ...{ priceLists: [], routes: [], aliases: [], clientApps: [], settings: [] },
  after: null,
};

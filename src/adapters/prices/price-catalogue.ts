import type { ListedModel } from '../../domain/price-list/imported.ts';

/** Where a model is looked for. */
export interface Wanted {
  readonly model: string;
  /** Absent: whoever the model's name points to. */
  readonly provider?: string | undefined;
}

/** A maintained list of what providers charge; nothing is fetched, it is as old as its version. */
export interface PriceCatalogue {
  /** Its name and version. */
  readonly name: string;
  /** What its prices are in. */
  readonly currency: string;
  /** The names of all models of a provider; undefined: it knows no such provider. */
  modelsOf(provider: string): Promise<readonly string[] | undefined>;
  /** A model with its prices at a moment. */
  find(wanted: Wanted, at: Date): Promise<ListedModel | undefined>;
}

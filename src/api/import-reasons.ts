import { z } from 'zod';
import { InexpressibleReason } from '../domain/price-list/imported.ts';
import type { Locale } from './locale.ts';
import type { Text } from './messages.ts';

/** Why a model was not imported. */
export const SkipReason = z.enum([
  ...InexpressibleReason.options,
  'by_hand',
  'no_alias',
  'not_listed',
  'withdrawn',
]);
export type SkipReason = z.infer<typeof SkipReason>;

const texts: Readonly<Record<SkipReason, Text>> = {
  by_hand: {
    en: 'its prices were written by hand; `replace` takes their place',
    zh: '其价格由人工设定；如需覆盖请使用 `replace`',
  },
  by_hour: {
    en: 'its prices depend on the time of day',
    zh: '其价格随时段变化',
  },
  by_size: {
    en: 'its prices depend on how much is asked at once: {classes}',
    zh: '其价格随单次请求大小变化：{classes}',
  },
  no_alias: { en: 'its name can’t be an alias', zh: '其名称不能作为别名' },
  not_by_token: {
    en: 'it has no price for input or none for output, only {classes}',
    zh: '没有输入或输出的单价，仅有 {classes}',
  },
  not_listed: { en: 'the catalogue doesn’t have it', zh: '价目库中没有该模型' },
  other_classes: {
    en: 'a price list can’t tell {classes} apart; `without` leaves them out',
    zh: '价目表无法区分 {classes}；可用 `without` 将其排除',
  },
  withdrawn: {
    en: 'it was taken off sale; `replace` puts it on sale again',
    zh: '该模型已下架；如需重新上架请使用 `replace`',
  },
};

/** What is told of a model that was skipped. */
export const skipText = (why: SkipReason, classes: readonly string[], locale: Locale): string =>
  texts[why][locale].replace('{classes}', classes.join(', '));

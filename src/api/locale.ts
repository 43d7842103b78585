/** The languages that the program speaks to people in. */
export type Locale = 'en' | 'zh';

/** The first of our languages by the caller's preference; English when none is named. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  if (!acceptLanguage) return 'en';
  const wanted = acceptLanguage
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const q = parameters.find((each) => each.trim().startsWith('q='));
      return { language: tag.split('-')[0] ?? '', quality: q ? Number(q.trim().slice(2)) : 1 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  const found = wanted.find(({ language }) => language === 'zh' || language === 'en');
  return found?.language === 'zh' ? 'zh' : 'en';
}

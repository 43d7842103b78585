/** With the space before it, each word is one token of the sandbox's family: four bytes. */
const words =
  'air ale ant ape arc arm art ash bay bee bow box bud cat cup day dew dog dry ear egg elk elm eye fan fig fin fir fly fog fox gem hay hen hum ice inn ink ivy jar joy key lap law leg lid log map mud net nut oak oar oat old one orb owl pea pen pie pin pot ray red rim row rye sap sea set sky son sun tea ten tin toe top toy tub two urn van vow wax way web wet wig yak yam'.split(
    ' ',
  );

/** Words drawn by a linear congruential generator: cheap, and the same everywhere. */
export function sandboxWords(seed: number, count: number): readonly string[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ` ${words[(state >>> 16) % words.length]}`;
  });
}

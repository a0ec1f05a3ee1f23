// Numbers on a plot: round ticks, and few words.

/** A length for a Chakra element, which takes a bare number for a name in the theme's table of sizes. */
export const px = (length: number): string => `${length}px`;

/** Two to five round numbers that span the values. */
export const ticks = (low: number, high: number): number[] => {
  if (!(high > low)) return [low];
  const rough = (high - low) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => rough <= factor * power) ?? 10);
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, index) => Number((first + index * step).toPrecision(12)));
};

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const EXACT = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });

export const few = (value: number): string => COMPACT.format(value);

/** The words of ticks; exact ones where few words would make two of them the same. */
export const labels = (of: readonly number[]): string[] => {
  const short = of.map(few);
  return new Set(short).size === of.length ? short : of.map(exactly);
};
export const exactly = (value: number): string => EXACT.format(value);

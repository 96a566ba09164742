/**
 * Exact numbers: power is integer W (var), prices are integer µ€ per kWh (kvarh), money is integer µ€. The limits keep the
 * product of a power and a price below 2^53, so that every payment is computed without rounding before the one that is
 * declared.
 */

/** W or var: 100 MW, far above any single unit of a distribution grid. */
export const QUANTITY_MAX = 100_000_000
/** µ€ per kWh: 50 €/kWh; QUANTITY_MAX × PRICE_MAX = 5e15 < 2^53. */
export const PRICE_MAX = 50_000_000

/** Ticks of 1/4000 µ€ in a µ€: W × (¼ h) × µ€/kWh. */
export const TICKS_PER_MICRO_EUR = 4000

/** µ€ for one MTU: round half up of power × price / 4000. */
export const paymentPerMtu = (power: number, price: number): number =>
  Math.floor((power * price + TICKS_PER_MICRO_EUR / 2) / TICKS_PER_MICRO_EUR)

export const isQuantity = (n: number): boolean => Number.isSafeInteger(n) && n >= 0 && n <= QUANTITY_MAX
export const isSignedQuantity = (n: number): boolean => Number.isSafeInteger(n) && Math.abs(n) <= QUANTITY_MAX

/** Places of the lowest and highest value of a list, NaN left out; -1 if there is none. */
export const lowestAndHighest = (values: Float64Array): { readonly lowest: number; readonly highest: number } => {
  let lowest = -1
  let highest = -1
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!
    if (Number.isNaN(value)) continue
    if (lowest < 0 || value < values[lowest]!) lowest = n
    if (highest < 0 || value > values[highest]!) highest = n
  }
  return { lowest, highest }
}

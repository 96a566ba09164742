/**
 * How the flows are timed: the median of some rounds after a warm-up, so neither the compiler's first runs nor a neighbour on
 * the machine count; and how the time grows with the number of points of delivery.
 */

export interface Timed<T> {
  readonly ms: number
  readonly result: T
}

/** Time of the middle round, and the result of the last. */
export const medianOf = async <T>(rounds: number, warmUps: number, work: () => T | Promise<T>): Promise<Timed<T>> => {
  for (let round = 0; round < warmUps; round++) await work()
  const times: number[] = []
  let result: T | undefined
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    result = await work()
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  return { ms: times[times.length >> 1]!, result: result! }
}

/** More rounds where one is short; a hundred substations are a median by themselves, and the sizes before have warmed up. */
export const roundsFor = (substations: number): { readonly rounds: number; readonly warmUps: number } =>
  substations === 1
    ? { rounds: 11, warmUps: 4 }
    : substations <= 10
      ? { rounds: 3, warmUps: 1 }
      : { rounds: 1, warmUps: 0 }

/** Of the straight line nearest to the points on axes that are both logarithmic: 1 is time in proportion to the size. */
export const slopeOf = (points: readonly { readonly size: number; readonly ms: number }[]): number => {
  const x = points.map(({ size }) => Math.log(size))
  const y = points.map(({ ms }) => Math.log(ms))
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
  const [meanX, meanY] = [mean(x), mean(y)]
  const together = x.reduce((sum, one, n) => sum + (one - meanX) * (y[n]! - meanY), 0)
  return together / x.reduce((sum, one) => sum + (one - meanX) ** 2, 0)
}

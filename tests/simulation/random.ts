/** All chance of a history, from its seed. Mulberry32: 32 bits of state, plenty for choices; the same on every machine. */
export interface Random {
  /** From 0 to below `n`. */
  below(n: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly Item[]): Item
}

export const random = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: n => Math.floor(next() * n),
    chance: probability => next() < probability,
    pick: items => items[Math.floor(next() * items.length)]!
  }
}

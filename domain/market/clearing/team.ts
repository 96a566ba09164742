/**
 * Threads that clear one book together. Every member runs the same functions on the same book and makes the same decisions; what
 * costs time and belongs to one MTU, later to one offer, only one of them works out. They tell each other numbers in memory that
 * all see, and wait for each other where these are needed, so the outcome does not depend on how many they are.
 *
 * A member that stops without saying so would keep the others waiting: whoever makes a team sees to that.
 */

export interface Team {
  /** From 0 on; member 0 tells the outcome. */
  readonly rank: number
  readonly size: number
  /** Waits until all members are here. What each wrote before, all see after. */
  meet(): void
  /**
   * Columns that all members see. All ask for the same ones in the same order; what stands in them at first is left over from others.
   * Throws NoRoomForTeam, to all of them, where there is no more.
   */
  ints(size: number): Int32Array
  floats(size: number): Float64Array
}

export class NoRoomForTeam extends Error {}

/** A team of one. */
export const alone: Team = {
  rank: 0,
  size: 1,
  meet: () => {},
  ints: size => new Int32Array(size),
  floats: size => new Float64Array(size)
}

/** Whose it is to work out what belongs to an MTU: in turns, so that all share the run of a block and the hours of most demand. */
export const memberOf = ({ size }: Team, mtu: number): number => mtu % size

export const isOwn = (team: Team, mtu: number): boolean => memberOf(team, mtu) === team.rank

/**
 * Paper on which members tell each other numbers: one writes its own, `meet`s, and reads those of all. Two sheets in turns, since
 * who is first to write on the next one must not write over what another still reads.
 */
export interface Paper {
  readonly sheets: readonly [Float64Array, Float64Array]
  turn: 0 | 1
}

export const paperFor = (team: Team, size: number): Paper => {
  const first = team.floats(size)
  return { sheets: [first, team.size === 1 ? first : team.floats(size)], turn: 0 }
}

export const nextSheet = (paper: Paper): Float64Array => {
  paper.turn = paper.turn === 0 ? 1 : 0
  return paper.sheets[paper.turn]
}

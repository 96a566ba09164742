/**
 * A team (domain/market/clearing/team.ts) of threads: they tell each other numbers in memory that they share, and wait at meetings,
 * of which a clearing of 1,500 offers has some hundred.
 *
 * A member that cannot go on leaves, and whoever holds the team may dismiss it for a thread that ended; then every meeting throws
 * TeamBroken.
 */
import { NoRoomForTeam, type Team } from '../../domain/market/clearing/team.ts'

/** What a member is told of its team; plain data for threads. */
export interface Seat {
  readonly rank: number
  readonly size: number
  /** Of this clearing alone. */
  readonly control: Int32Array<SharedArrayBuffer>
  /** Memory of the largest session, used again by all: members begin with a meeting. */
  readonly columns: SharedArrayBuffer
}

export class TeamBroken extends Error {}

/** Places in the control: how often members have arrived at meetings, how many of them sleep, and whether the team is broken. */
const ARRIVED = 0
const SLEEPING = 1
const BROKEN = 2
const CONTROL_WORDS = 3

export const newControl = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT))

/** Nobody waits for this team any more. */
export const dismiss = (control: Int32Array<SharedArrayBuffer>): void => {
  Atomics.store(control, BROKEN, 1)
  Atomics.notify(control, ARRIVED)
}

/**
 * Looks before a member sleeps, one to two milliseconds. Members mostly arrive within that of each other, and on a virtual machine
 * who sleeps wakes up late: with a fiftieth of these looks a clearing of 50 ms took 80.
 */
const LOOKS = 300_000

export const teamOf = ({ rank, size, control, columns }: Seat): Team => {
  let meetings = 0
  let used = 0

  const isThere = (arrivals: number): boolean => {
    if (Atomics.load(control, BROKEN) === 1) throw new TeamBroken('a member of the team has left')
    return Atomics.load(control, ARRIVED) >= arrivals
  }

  /** Eight bytes to a place, so that any column may follow. */
  const take = (bytes: number): number => {
    const from = used
    used += (bytes + 7) & ~7
    if (used > columns.byteLength) throw new NoRoomForTeam(`a team needs more than its ${columns.byteLength} bytes`)
    return from
  }

  return {
    rank,
    size,
    meet() {
      const arrivals = ++meetings * size
      Atomics.add(control, ARRIVED, 1)
      if (Atomics.load(control, SLEEPING) > 0) Atomics.notify(control, ARRIVED)
      for (let look = 0; look < LOOKS; look++) if (isThere(arrivals)) return
      Atomics.add(control, SLEEPING, 1)
      // Whoever comes after this sees that somebody sleeps; what has changed since is no longer what is waited on.
      for (let seen = Atomics.load(control, ARRIVED); !isThere(arrivals); seen = Atomics.load(control, ARRIVED))
        Atomics.wait(control, ARRIVED, seen)
      Atomics.sub(control, SLEEPING, 1)
    },
    ints: length => new Int32Array(columns, take(length * Int32Array.BYTES_PER_ELEMENT), length),
    floats: length => new Float64Array(columns, take(length * Float64Array.BYTES_PER_ELEMENT), length)
  }
}

/**
 * A team (domain/market/clearing/team.ts) of threads: they tell each other numbers in memory that they share, and wait at meetings,
 * of which a clearing of 1,500 offers has some sixty.
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
}

export class TeamBroken extends Error {}

/**
 * Places in the control: how often members have arrived at meetings, how many of them sleep, whether the team is broken, and whether
 * it wanted more memory than there was.
 */
const ARRIVED = 0
const SLEEPING = 1
const BROKEN = 2
const NO_ROOM = 3
const CONTROL_WORDS = 4

export const newControl = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT))

export const noteNoRoom = ({ control }: Seat): void => {
  Atomics.store(control, NO_ROOM, 1)
}

export const hadNoRoom = (control: Int32Array<SharedArrayBuffer>): boolean => Atomics.load(control, NO_ROOM) === 1

/** Nobody waits for this team any more. */
export const dismiss = (control: Int32Array<SharedArrayBuffer>): void => {
  Atomics.store(control, BROKEN, 1)
  // As if somebody came: a member that has looked a moment ago and is about to sleep would not be woken up.
  Atomics.add(control, ARRIVED, 1)
  Atomics.notify(control, ARRIVED)
}

/**
 * Looks before a member sleeps, one to two milliseconds. Members mostly arrive within that of each other, and on a virtual machine
 * who sleeps wakes up late: with a fiftieth of these looks a clearing of 50 ms took 80.
 */
const LOOKS = 300_000

/** Functions of the module on plain data: their compiled code outlives the team (ADR 0017). */
interface SharedTeam extends Team, Seat {
  readonly columns: SharedArrayBuffer
  meetings: number
  /** Bytes of the columns that are given away. */
  used: number
}

/** `columns`: memory of the largest session, used again by all, as members begin with a meeting. */
export const teamOf = ({ rank, size, control }: Seat, columns: SharedArrayBuffer): Team => {
  const team: SharedTeam = { rank, size, control, columns, meetings: 0, used: 0, meet, ints, floats }
  return team
}

function meet(this: SharedTeam): void {
  const { control } = this
  const arrivals = ++this.meetings * this.size
  Atomics.add(control, ARRIVED, 1)
  if (Atomics.load(control, SLEEPING) > 0) Atomics.notify(control, ARRIVED)
  if (!looksFor(control, arrivals)) sleepUntil(control, arrivals)
  if (Atomics.load(control, BROKEN) === 1) throw new TeamBroken('a member of the team has left')
}

/** Whether all came before it was tired. */
const looksFor = (control: Int32Array<SharedArrayBuffer>, arrivals: number): boolean => {
  for (let look = 0; look < LOOKS; look++) if (isOver(control, arrivals)) return true
  return false
}

const isOver = (control: Int32Array<SharedArrayBuffer>, arrivals: number): boolean =>
  Atomics.load(control, ARRIVED) >= arrivals || Atomics.load(control, BROKEN) === 1

const sleepUntil = (control: Int32Array<SharedArrayBuffer>, arrivals: number): void => {
  Atomics.add(control, SLEEPING, 1)
  // Whoever comes after this sees that somebody sleeps; what has changed since is no longer what is waited on.
  for (let seen = Atomics.load(control, ARRIVED); !isOver(control, arrivals); seen = Atomics.load(control, ARRIVED))
    Atomics.wait(control, ARRIVED, seen)
  Atomics.sub(control, SLEEPING, 1)
}

function ints(this: SharedTeam, length: number): Int32Array {
  return new Int32Array(this.columns, take(this, length * Int32Array.BYTES_PER_ELEMENT), length)
}

function floats(this: SharedTeam, length: number): Float64Array {
  return new Float64Array(this.columns, take(this, length * Float64Array.BYTES_PER_ELEMENT), length)
}

/** Eight bytes to a place, so that any column may follow. */
const take = (team: SharedTeam, bytes: number): number => {
  const from = team.used
  team.used += (bytes + 7) & ~7
  if (team.used > team.columns.byteLength)
    throw new NoRoomForTeam(`a team needs more than its ${team.columns.byteLength} bytes`)
  return from
}

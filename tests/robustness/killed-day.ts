/**
 * A market day whose process is killed (SIGKILL, as by a power cut of the process) at moments drawn from a seed, and
 * started again over the same folder until it ends by itself. What readers apply must then be what an undisturbed day
 * gives: nothing lost, nothing twice, nothing in another order.
 *
 * Promises: each start is a process of its own, killed without a chance to tidy up; the folder is looked at only when none
 * runs. Moments are counted from what the day tells of its steps, so they spread over all of it however fast a machine is.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { bareEnvironment, commandLine, documentOf } from '../flows/command-line.ts'

export interface Day {
  readonly dataDir: string
  readonly pods: number
  readonly seed: number
}

export interface Undisturbed {
  readonly records: number
  readonly factsDigest: string
  /** What it told on the way, and when, ms since its start. */
  readonly steps: readonly { readonly text: string; readonly at: number }[]
  /** Of the whole process, ms. */
  readonly took: number
}

/** So many milliseconds after it told of a step; undefined is its start. */
export interface Moment {
  readonly step: string | undefined
  readonly afterMs: number
}

export interface KilledDay {
  readonly kills: readonly Moment[]
  readonly records: number
  readonly factsDigest: string
}

/** A day that neither ends nor is killed: something hangs. */
const HANGS_MS = 180_000

interface Ended {
  readonly code: number | null
  readonly wasKilled: boolean
  readonly told: string
}

const play = (
  { dataDir, pods, seed }: Day,
  onStep: (text: string | undefined, killAfter: (ms: number) => void) => void
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const args = ['run', '--data', dataDir, '--exit', '--json', '--pods', String(pods), '--seed', String(seed)]
    const child = spawn(process.execPath, [commandLine, ...args], {
      env: bareEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe']
    })
    let told = ''
    let wasKilled = false
    const killAfter = (ms: number): void => {
      setTimeout(() => {
        wasKilled = child.exitCode === null
        child.kill('SIGKILL')
      }, ms).unref()
    }
    const hangs = setTimeout(() => child.kill('SIGKILL'), HANGS_MS)
    onStep(undefined, killAfter)
    createInterface({ input: child.stderr }).on('line', line => {
      told += `${line}\n`
      onStep(line, killAfter)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(hangs)
      // Killed in the moment of its end: then it ended by itself.
      resolve({ code, wasKilled: wasKilled && signal === 'SIGKILL', told })
    })
  })

const mustHaveEnded = ({ code, told }: Ended, what: string): void => {
  if (code !== 0) throw new Error(`${what} ended with ${code ?? 'a signal'}: ${told.slice(-3_000)}`)
}

const digestOf = (dataDir: string) =>
  documentOf<{ records: number; factsDigest: string }>('log', 'digest', '--data', dataDir, '--json')

export const playUndisturbed = async (day: Day): Promise<Undisturbed> => {
  const began = performance.now()
  const steps: { text: string; at: number }[] = []
  const ended = await play(day, text => {
    if (text !== undefined) steps.push({ text, at: performance.now() - began })
  })
  mustHaveEnded(ended, 'the undisturbed day')
  const took = performance.now() - began
  const { records, factsDigest } = await digestOf(day.dataDir)
  return { records, factsDigest, steps, took }
}

/** Where an undisturbed day is after this share of its time, counted from shortly before its first step. */
export const momentAt = (share: number, { steps, took }: Undisturbed): Moment => {
  const begins = STARTING_SHARE * (steps[0]?.at ?? 0)
  const at = begins + share * (took - begins)
  const step = steps.findLast(one => one.at <= at)
  return { step: step?.text, afterMs: Math.round(at - (step?.at ?? 0)) }
}

/** Before that a process loads its modules, and touches nothing. */
const STARTING_SHARE = 0.7

/** Two to four shares of a day, for each day anew. */
export const sharesFrom = (seed: number): (() => readonly number[]) => {
  const random = xoroshiro128plus(seed)
  return () => Array.from({ length: uniformInt(random, 2, 4) }, () => uniformFloat64(random))
}

export const playKilled = async (day: Day, moments: readonly Moment[]): Promise<KilledDay> => {
  const kills: Moment[] = []
  for (const moment of moments) {
    const ended = await play(day, (text, killAfter) => {
      if (text === moment.step) killAfter(moment.afterMs)
    })
    if (ended.wasKilled) kills.push(moment)
    else mustHaveEnded(ended, `the day after ${kills.length} kills`)
  }
  mustHaveEnded(await play(day, () => {}), `the day after ${kills.length} kills`)
  return { kills, ...(await digestOf(day.dataDir)) }
}

export const momentText = ({ step, afterMs }: Moment): string => `${step ?? 'start'} + ${afterMs} ms`

/**
 * Flows 0, 3 and 5 at growing numbers of points of delivery, beside the published times of the Platone pilot (mean and worst
 * day, requirements Q.4; on 20 cores and 106 GB in all). Each stage runs in a process of its own; what is shown is the median
 * of five days (three at 15,000) and of three registrations (one at 15,000), with the worst beside it; flow 3 once more for days with
 * a request at the last moment, when the book could not be handed to the clearing ahead.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const describe = 'flows 0, 3 and 5 at 12, 100, 1,500 and 15,000 PoDs (or the numbers given)'

const STAGES = [12, 100, 1_500, 15_000]

interface Stage {
  readonly pods: number
  readonly offers: number
  readonly requests: number
  readonly services: number
  readonly algorithm: string
  readonly gap: number
  readonly nodes: number
  readonly flow0CommunicationMs: number
  readonly flow3ExecutionMs: number
  readonly flow3LastMinuteMs: number
  readonly flow3CommunicationMs: number
  readonly flow5ExecutionMs: number
  readonly flow5CommunicationMs: number
  readonly worst: Readonly<Record<Measure, number>>
  readonly peakMemoryMB: number
}

type Measure =
  | 'flow0CommunicationMs'
  | 'flow3ExecutionMs'
  | 'flow3LastMinuteMs'
  | 'flow3CommunicationMs'
  | 'flow5ExecutionMs'
  | 'flow5CommunicationMs'

const flow3Published = { 12: [1_649.41, 2_557.2], 100: [8_313.89, 15_810.43], 1500: [101_354.04, 144_668.57] } as const

/** Mean / worst daily average, ms. */
const published: Record<Measure, Record<number, readonly [mean: number, worst: number]>> = {
  flow0CommunicationMs: { 12: [57, 57], 100: [1_733, 1_733], 1500: [1_984, 1_984] },
  flow3ExecutionMs: flow3Published,
  flow3LastMinuteMs: flow3Published,
  flow3CommunicationMs: { 12: [41.5, 65.5], 100: [46.59, 56.5], 1500: [89.68, 166.67] },
  flow5ExecutionMs: { 12: [912.43, 1_033], 100: [1_960, 2_278], 1500: [44_798.43, 78_543] },
  flow5CommunicationMs: { 12: [37.29, 56], 100: [88.43, 101], 1500: [135.71, 154] }
}

const names: Record<Measure, string> = {
  flow0CommunicationMs: 'flow 0 communication',
  flow3ExecutionMs: 'flow 3 execution',
  flow3LastMinuteMs: '  a last-minute request',
  flow3CommunicationMs: 'flow 3 communication',
  flow5ExecutionMs: 'flow 5 execution',
  flow5CommunicationMs: 'flow 5 communication'
}

export const run = async (args: readonly string[], tell: (text: string) => void) => {
  const stages = args.length > 0 ? args.map(Number) : STAGES
  if (stages.some(stage => !Number.isSafeInteger(stage) || stage < 1))
    throw new Error('stages are whole numbers of PoDs')
  const measured: Stage[] = []
  for (const stage of stages) {
    tell(`${stage} points of delivery …`)
    measured.push(await oneStage(stage))
  }
  return { stages: measured, slopes: slopes(measured), published }
}

const oneStage = (count: number): Promise<Stage> =>
  new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('stage.ts', import.meta.url))
    const child = spawn(process.execPath, [script, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve(JSON.parse(output) as Stage) : reject(new Error(`stage ${count} failed`))
    )
  })

/** Growth between neighbouring stages on log-log axes: 1 is linear. */
const slopes = (stages: readonly Stage[]) =>
  stages.slice(1).map((stage, n) => {
    const before = stages[n]!
    const slope = (measure: Measure): number =>
      Math.round((Math.log(stage[measure] / before[measure]) / Math.log(stage.pods / before.pods)) * 100) / 100
    return {
      from: before.pods,
      to: stage.pods,
      ...Object.fromEntries((Object.keys(names) as Measure[]).map(measure => [measure, slope(measure)]))
    }
  })

export const readable = ({ stages }: Awaited<ReturnType<typeof run>>): string => {
  const lines = ['PoDs   flow                    ours ms     worst   published mean / worst ms   times faster (mean)']
  for (const stage of stages) {
    for (const measure of Object.keys(names) as Measure[]) {
      const reference = published[measure][stage.pods]
      const ours = stage[measure]
      lines.push(
        [
          String(stage.pods).padEnd(6),
          names[measure].padEnd(22),
          ours.toFixed(1).padStart(8),
          stage.worst[measure].toFixed(1).padStart(9),
          (reference ? `${reference[0]} / ${reference[1]}` : '–').padStart(27),
          (reference ? `${Math.round(reference[0] / ours)}` : '–').padStart(20)
        ].join(' ')
      )
    }
    lines.push(
      `       ${stage.offers} offers, ${stage.requests} requests, ${stage.services} services; ${stage.algorithm}, gap ${stage.gap}, ${stage.nodes} nodes; peak ${stage.peakMemoryMB} MB`
    )
  }
  return lines.join('\n')
}

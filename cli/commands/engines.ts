/** `flexledger engines install|start|stop|status`. */
import { join } from 'node:path'
import {
  type EngineName,
  type EngineStatus,
  engineNames,
  engineStatus,
  installEngine,
  startEngine,
  stopEngine
} from '../../infra/engines/engines.ts'
import { configOf } from '../app/offline.ts'
import { type OutputFlags, printJson, printText, progress, progressDone, table, UsageError } from '../output.ts'

interface Flags extends OutputFlags {
  readonly dir?: string
}

/** In the order in which they were asked for; `all` is one node of each kind. */
const chosen = (names: readonly string[]): readonly EngineName[] => {
  const unknown = names.filter(name => name !== 'all' && !engineNames.some(known => known === name))
  if (unknown.length > 0)
    throw new UsageError(`no such engine: ${unknown.join(', ')}; there are ${engineNames.join(', ')}, all`)
  const wanted = names.flatMap(name => (name === 'all' ? engineNames : engineNames.filter(known => known === name)))
  return [...new Set(wanted)]
}

const placeOf = (flags: Flags) => {
  const { dataDir, enginesDir } = configOf({})
  return { dir: flags.dir ?? join(dataDir, 'engines'), ...(enginesDir === undefined ? {} : { enginesDir }) }
}

export const enginesInstall = async (names: readonly string[], flags: Flags): Promise<void> => {
  const tell = progress(flags)
  const done: { name: EngineName; home: string }[] = []
  for (const name of chosen(names)) {
    tell(`${name}: looking …`)
    done.push({
      name,
      home: await installEngine(name, { ...placeOf(flags), onProgress: text => tell(`${name}: ${text}`) })
    })
  }
  progressDone(flags)
  if (flags.json) printJson({ installed: done })
  else
    printText(
      table(
        ['engine', 'installed in'],
        done.map(({ name, home }) => [name, home])
      )
    )
}

export const enginesStart = async (names: readonly string[], flags: Flags): Promise<void> => {
  const tell = progress(flags)
  const place = placeOf(flags)
  const done: (EngineStatus & { readonly ranAlready: boolean; readonly certificates?: string })[] = []
  for (const name of chosen(names)) {
    tell(`${name}: starting …`)
    const engine = await startEngine(name, {
      ...place,
      persistent: true,
      onProgress: text => tell(`${name}: ${text}`)
    })
    if (engine.ranAlready) tell(`${name} already runs\n`)
    const { certificates } = engine
    done.push({
      ...(await engineStatus(name, place)),
      ranAlready: engine.ranAlready,
      ...(certificates ? { certificates: certificates.dir } : {})
    })
  }
  progressDone(flags)
  show(done, flags)
}

export const enginesStop = async (names: readonly string[], flags: Flags): Promise<void> => {
  const tell = progress(flags)
  const place = placeOf(flags)
  // Nothing depends on another's end, and each may take seconds.
  tell('stopping …')
  await Promise.all(chosen(names).map(name => stopEngine(name, place)))
  progressDone(flags)
  show(await Promise.all(chosen(names).map(name => engineStatus(name, place))), flags)
}

export const enginesStatus = async (names: readonly string[], flags: Flags): Promise<void> => {
  const place = placeOf(flags)
  const wanted = names.length === 0 ? engineNames : chosen(names)
  show(await Promise.all(wanted.map(name => engineStatus(name, place))), flags)
}

const show = (engines: readonly EngineStatus[], flags: Flags): void => {
  if (flags.json) printJson({ engines })
  else
    printText(
      table(
        ['engine', 'status', 'url'],
        engines.map(({ name, status, url }) => [name, status, url ?? ''])
      )
    )
}

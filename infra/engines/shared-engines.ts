/**
 * The engines that a whole test run shares: started together, named to the test files by the environment, ended with the
 * run. What cannot be had on this machine is left out, and each test that needs it says so; with `CI=true` it is a failure.
 */
import { type SharedEngine, type StartedForTests, startForTests, testEngineVariables } from './for-tests.ts'

const shared: readonly SharedEngine[] = ['kafka', 'registry', 'postgres']

export interface SharedEngines {
  /** Variables for the test files. */
  readonly environment: Readonly<Record<string, string>>
  /** Why an engine that must be there is not. */
  readonly failures: readonly string[]
  end(): Promise<void>
}

export const sharedEngines = async (): Promise<SharedEngines> => {
  const environment: Record<string, string> = {}
  const failures: string[] = []
  const started: StartedForTests[] = []
  await Promise.all(
    shared.map(async name => {
      try {
        const engine = await startForTests(name)
        if ('missing' in engine) return
        started.push(engine)
        environment[testEngineVariables[name]] = engine.engine.url
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
      }
    })
  )
  return {
    environment,
    failures,
    async end() {
      await Promise.all(started.map(engine => engine.end()))
    }
  }
}

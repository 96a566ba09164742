/** What is wrong with a session of the drill, compared with one that nothing happened to; empty if nothing is. */
import type { DrillResult } from './broker-drill.ts'

export const faultsOf = (result: DrillResult, undisturbed: DrillResult): readonly string[] => {
  const faults: string[] = []
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault)
  }
  const { offers, acknowledged, decided, doubled, lost } = result
  expect(acknowledged === offers, `${offers - acknowledged} offers were never acknowledged`)
  expect(decided === offers, `${decided} of ${offers} offers were decided`)
  expect(doubled === 0, `${doubled} offers were decided twice`)
  expect(lost === 0, `${lost} acknowledged offers are lost`)
  expect(result.digest === undisturbed.digest, 'the clearing differs from an undisturbed one')
  expect(result.finalDigest === undisturbed.finalDigest, 'the final outcome differs from an undisturbed one')
  expect(result.onActorTopic === result.outcomesOfActor, 'the topic of the actor lacks outcomes, or has too many')
  expect(result.outcomesOfActor > 0, 'nothing was validated')
  expect(result.projectedStatus === 'validated', `the projections say ${result.projectedStatus}`)
  return faults
}

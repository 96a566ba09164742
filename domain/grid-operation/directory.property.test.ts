import fc from 'fast-check'
import t from 'tap'
import type { GridCommand, PodPlace } from '../../schemas/generated.ts'
import { after, of } from './grid-operation.fixtures.ts'

const place = fc.constantFrom<PodPlace>(
  { dsoId: 'ARETI', pom: 'A', feeder: 'F1', secondarySubstation: null },
  { dsoId: 'ARETI', pom: 'A', feeder: 'F2', secondarySubstation: null },
  { dsoId: 'ARETI', pom: 'B', feeder: 'F1', secondarySubstation: null }
)

/** What networks and the registry's clients do to one PoD; the registry itself answers in the test. */
const step = fc.oneof(
  place.map(at => ({ kind: 'placed', at }) as const),
  fc.constantFrom('A', 'B').map(pom => ({ kind: 'left', pom }) as const),
  fc.constant({ kind: 'registered' } as const),
  fc.constant({ kind: 'ceased' } as const)
)

t.test('T-51: whatever the order, the registry ends with the last place, and is told each only once', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), steps => {
      const commands: GridCommand[] = []
      let registered = false
      let registry: PodPlace | null = null
      let last: PodPlace | null = null
      const say = (command: GridCommand): void => {
        commands.push(command)
        const [event] = [
          ...of(after(...commands).events, 'PodLocated'),
          ...of(after(...commands).events, 'RegisteredPodNoted')
        ]
        const told = event?.assignment
        if (!told) return
        if (!registered) throw new Error('a PoD that is not registered was assigned')
        if (JSON.stringify(told) === JSON.stringify(registry)) throw new Error('told twice')
        registry = told
        // The registry's answer comes back by its feed.
        say({ type: 'NoteRegisteredPod', pod: 'P', registered, place: registry })
      }
      for (const one of steps)
        switch (one.kind) {
          case 'placed':
            last = one.at
            say({ type: 'LocatePod', pod: 'P', place: one.at, pom: one.at.pom })
            break
          case 'left':
            if (last?.pom === one.pom) last = null
            say({ type: 'LocatePod', pod: 'P', place: null, pom: one.pom })
            break
          case 'registered':
          case 'ceased':
            registered = one.kind === 'registered'
            say({ type: 'NoteRegisteredPod', pod: 'P', registered, place: registry })
        }
      return !registered || last === null || JSON.stringify(registry) === JSON.stringify(last)
    }),
    {
      numRuns: Number(process.env['FC_RUNS'] ?? 200),
      ...(process.env['FC_SEED'] ? { seed: Number(process.env['FC_SEED']) } : {})
    }
  )
})

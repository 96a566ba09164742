import t from 'tap'
import { examples } from '../../schemas/examples.ts'
import { type Message, messageTopic } from '../../schemas/generated.ts'
import { gridFeeds } from './grid-feeds.ts'
import { gridToMarket } from './grid-to-market.ts'
import { gridToRegistry } from './grid-to-registry.ts'
import { marketToGrid } from './market-to-grid.ts'
import { registryToGrid } from './registry-to-grid.ts'

const meta = { now: 0, key: '' }

t.test(
  'each feed reads what stands on its outbox, and writes what belongs into its inbox under the key of its partition',
  async t => {
    for (const { name, from, to, rule, types } of gridFeeds('automatic'))
      for (const type of types ?? []) {
        t.equal(messageTopic[type], from, `${name}: ${type}`)
        for (const { command, key } of rule(examples[type], meta)) {
          t.equal(messageTopic[command.type], to, `${name}: ${command.type}`)
          const isOfPod = ['AssignPom', 'LocatePod', 'NoteRegisteredPod'].includes(command.type)
          const own = isOfPod ? 'pod' in command && command.pod : 'pom' in command && command.pom
          t.equal(key, own, `${name}: ${command.type} under its key`)
        }
      }
  }
)

t.test('a feed passes over what it does not feed', async t => {
  for (const { rule, types = [] } of gridFeeds('automatic'))
    for (const type of Object.keys(examples) as Message['type'][])
      if (!types.includes(type)) t.strictSame(rule(examples[type], meta), [], type)
})

t.test(
  'FR_DTP_ROF_2: a place is told in the name of its grid operator, and what needs no telling is not told',
  async t => {
    const { PodLocated, RegisteredPodNoted } = examples
    t.strictSame(gridToRegistry(PodLocated), [])
    t.match(gridToRegistry(RegisteredPodNoted), [
      { command: { type: 'AssignPom', by: { role: 'dso', id: 'ARETI' }, place: RegisteredPodNoted.assignment } }
    ])
  }
)

t.test(
  'FR_SCD_CA_2, FR_DTP_ROF_1, DTP-IN-01: a PoD without a place is told to the directory alone, and one that moved is forgotten where it was',
  async t => {
    t.match(registryToGrid(examples.PodRegistered), [{ command: { type: 'NoteRegisteredPod', registered: true } }])
    const moved = { ...examples.PomAssigned, previousPom: 'PS-OLD' }
    t.strictSame(
      registryToGrid(moved).map(({ key, command }) => [key, command.type]),
      [
        ['PS-OLD', 'ForgetGridPod'],
        [moved.pod, 'NoteRegisteredPod'],
        [moved.place?.pom, 'NoteGridPod']
      ]
    )
    t.match(
      registryToGrid(examples.PodCeased).map(({ command }) => command.type),
      ['NoteRegisteredPod', 'ForgetGridPod']
    )
  }
)

t.test('what an offer delivers is the sum of what it serves, and nothing accepted is nothing told', async t => {
  const feed = marketToGrid('approval')
  const start = examples.OfferCleared.allocations[0]!.start
  const allocation = { ...examples.OfferCleared.allocations[0]!, start, mtus: 2, quantity: 1_000 }
  const both = [allocation, { ...allocation, requestId: 'OTHER', start: start + 900_000, mtus: 1, quantity: 500 }]
  t.match(feed({ ...examples.OfferCleared, allocations: both }, meta), [
    {
      command: {
        type: 'NoteClearedService',
        profile: [
          { start, mtus: 1, quantity: 1_000 },
          { start: start + 900_000, mtus: 1, quantity: 1_500 }
        ]
      }
    }
  ])
  t.strictSame(feed({ ...examples.OfferCleared, allocations: [] }, meta), [])
  t.match(feed(examples.SessionOpened, meta), [{ command: { type: 'AssessSession', requests: 'approval' } }])
})

t.test(
  'FR_DTP_ATV_2: verdicts go before the outcome that they belong to, in the name of the grid operator',
  async t => {
    const [judge, complete] = [
      ...gridToMarket(examples.ServiceVerdictGiven),
      ...gridToMarket(examples.TechnicalValidationDone)
    ]
    t.match(judge?.command, { type: 'JudgeService', by: { role: 'dso', id: 'ARETI' } })
    t.match(complete?.command, { type: 'CompleteTechnicalOutcome', unmentioned: 'OK' })
  }
)

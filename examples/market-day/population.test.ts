import t from 'tap'
import { flexibility, netLoad } from './equipment.ts'
import { gridDayOf } from './network/market-grid.ts'
import { checkDay } from './network/power-check.ts'
import { makePopulation } from './population.ts'
import { profilesOfDay } from './profiles/day-profiles.ts'

const MTUS = 96
const profiles = profilesOfDay('Europe/Rome')
const populate = (count: number, seed: number, date: string) => makePopulation(count, seed, date, MTUS, profiles)

t.test('T-71: on the winter day limits are broken, and those who take part can cure all of them', async t => {
  for (const [count, brokenQuarterHours] of [
    [12, 1],
    [100, 6],
    [1_500, 15]
  ] as const) {
    const { customers, grids } = populate(count, 1, '2016-01-05')
    const [grid] = grids
    const day = gridDayOf(grid!, '2016-01-05', MTUS, profiles)
    const before = checkDay(grid!, day, MTUS)
    const broken = before.mtus.flatMap((violations, mtu) => (violations?.length === 0 ? [] : [mtu]))
    t.equal(broken.length, brokenQuarterHours, `${count}: quarter-hours ${broken}`)
    const moved = new Map(
      customers.map(customer => [
        customer.pod,
        {
          p: Float64Array.from({ length: MTUS }, (_, mtu) => flexibility(customer, mtu).up),
          q: new Float64Array(MTUS)
        }
      ])
    )
    const after = checkDay(grid!, day, MTUS, moved)
    t.ok(
      broken.every(mtu => after.mtus[mtu]?.length === 0),
      `${count}: nothing is left where it was broken`
    )
  }
})

t.test('on the summer day panels overload transformers, and those who take part can cure that too', async t => {
  const { customers, grids } = populate(1_500, 1, '2016-07-23')
  const day = gridDayOf(grids[0]!, '2016-07-23', MTUS, profiles)
  const before = checkDay(grids[0]!, day, MTUS)
  const broken = before.mtus.flatMap((violations, mtu) => (violations?.length === 0 ? [] : [mtu]))
  t.ok(broken.length > 0)
  t.ok(before.mtus.flat().every(violation => violation?.kind === 'transformer-overload'))
  const p = (customer: (typeof customers)[number]) =>
    Float64Array.from({ length: MTUS }, (_, mtu) => -flexibility(customer, mtu).down)
  const moved = new Map(customers.map(customer => [customer.pod, { p: p(customer), q: new Float64Array(MTUS) }]))
  const after = checkDay(grids[0]!, day, MTUS, moved)
  t.ok(broken.every(mtu => after.mtus[mtu]?.length === 0))
})

t.test('what a customer registers is what its load in the network does, to the watt', async t => {
  const { customers, grids } = populate(12, 1, '2016-01-05')
  const day = gridDayOf(grids[0]!, '2016-01-05', MTUS, profiles)
  for (const customer of customers) {
    const n = grids[0]!.network.loads.findIndex(({ pod }) => pod === customer.pod)
    for (let mtu = 0; mtu < MTUS; mtu++)
      if (Math.abs(day.loads[n]!.p_kW[mtu]! * 1_000 - netLoad(customer, mtu)) > 2)
        t.fail(`${customer.pod}, quarter-hour ${mtu}`)
  }
  t.pass()
})

t.test('the seed decides prices and habits, not who lives where', async t => {
  const [one, other] = [populate(100, 1, '2016-01-05'), populate(100, 2, '2016-01-05')]
  t.strictSame(populate(100, 1, '2016-01-05').customers, one.customers)
  const places = ({ customers }: typeof one) => customers.map(({ pod, substation, car }) => ({ pod, substation, car }))
  t.strictSame(places(one), places(other))
  const prices = ({ customers }: typeof one) => customers.map(({ price }) => price)
  t.notSame(prices(one), prices(other))
})

import { readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { profilesOfDay } from './day-profiles.ts'
import { families, loadProfile, profileDays, profileIds } from './profiles.ts'

const zone = 'Europe/Rome'
const all = families.flatMap(family => profileIds(family).map(loadProfile))

t.test('every household, business, car, heat-pump, PV and hydro profile of the source is here', async t => {
  t.strictSame(
    families.map(family => profileIds(family).length),
    [6, 21, 8, 4, 8, 1]
  )
  t.ok(profileIds('household').includes('H0-A'))
  t.equal(new Set(all.map(({ id }) => id)).size, all.length)
})

t.test('every profile has a number for each MTU of every listed day, 92 in spring and 100 in autumn', async t => {
  t.equal(profileDays.length, 12)
  for (const date of profileDays) {
    const mtus = date === '2016-03-27' ? 92 : date === '2016-10-30' ? 100 : 96
    for (const profile of all) {
      const { p, q } = profile.day(date, zone)
      if (p.length !== mtus || q.length !== mtus || ![...p, ...q].every(Number.isFinite))
        t.fail(`${profile.id} ${date}: ${p.length} values`)
    }
    t.pass(`${date}: ${mtus} MTUs`)
  }
})

t.test(
  'panels never exceed 0.63 of their rating, give nothing at midnight, and more in summer than in winter',
  async t => {
    for (const id of profileIds('pv')) {
      const panel = loadProfile(id)
      for (const date of profileDays) t.ok(Math.max(...panel.day(date, zone).p) <= 0.63, `${id} ${date}`)
      t.equal(panel.day('2016-07-23', zone).p[0], 0)
      t.ok(sum(panel.day('2016-07-23', zone).p) > sum(panel.day('2016-01-05', zone).p))
      t.ok(panel.day('2016-07-23', zone).q.every(value => value === 0))
    }
  }
)

t.test('the values of a local day are those of its instants, not those of a UTC day', async t => {
  const rome = loadProfile('H0-A').day('2016-01-05', 'Europe/Rome').p
  const utc = loadProfile('H0-A').day('2016-01-05', 'UTC').p
  t.strictSame(rome.slice(4), utc.slice(0, 92))
})

t.test('other weeks give a car other hours, go round after 52, and leave the sun where it is', async t => {
  const cars = profileIds('car').map(loadProfile)
  const weeks = Array.from({ length: 52 }, (_, week) => week)
  const days = cars.flatMap(car => weeks.map(week => JSON.stringify(car.day('2016-01-05', zone, week).p)))
  t.ok(new Set(days).size > 100, `${new Set(days).size} different days`)
  t.strictSame(cars[0]?.day('2016-10-30', zone, 52), cars[0]?.day('2016-10-30', zone))
  t.equal(cars[0]?.day('2016-10-30', zone, 20).p.length, 100)
  const home = loadProfile('H0-A')
  t.notSame(home.day('2016-07-23', zone, 1), home.day('2016-07-23', zone))
  t.strictSame(home.day('2016-07-23', zone, 8), home.day('2016-07-23', zone))
  t.strictSame(loadProfile('PV1').day('2016-07-23', zone, 3), loadProfile('PV1').day('2016-07-23', zone))
})

t.test('an unknown profile and a day without values are errors that say so', async t => {
  t.throws(() => loadProfile('H9'), /no profile H9/)
  t.throws(() => loadProfile('PV1').day('2016-02-01', zone), /no values for 2016-02-01/)
  t.throws(() => loadProfile('PV1').day('2017-02-01', zone), /no values for 2017-02-01/)
})

t.test('the files stay below a megabyte and carry their licence line', async t => {
  const bytes = families.map(
    family => statSync(new URL(`${family === 'heatPump' ? 'heat-pump' : family}.csv.gz`, import.meta.url)).size
  )
  t.ok(sum(bytes) < 1_000_000, `${sum(bytes)} bytes`)
  t.match(readFileSync(new URL('ATTRIBUTION.md', import.meta.url), 'utf8'), 'Contains data derived from SimBench')
})

t.test('the market day sees the curves of this folder', async t => {
  const profiles = profilesOfDay(zone)
  t.strictSame(profiles.curve('H0-A', '2016-01-05', 0), loadProfile('H0-A').day('2016-01-05', zone))
  t.equal(profiles.curve('H0-A', '2016-01-05', 3), profiles.curve('H0-A', '2016-01-05', 3))
})

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

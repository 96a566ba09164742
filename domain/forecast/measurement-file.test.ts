import t from 'tap'
import { learnSeries, wholeDays } from './learn-series.ts'
import { parseMeasurements } from './measurement-file.ts'
import { initialModel } from './series-model.ts'

const lines = (...text: string[]): string => `${text.join('\n')}\n`

t.test('kW and W, kvar and var are read in the unit of the column; gaps stay gaps', async t => {
  const { measurements, faults } = parseMeasurements(
    lines(
      'time,house_p_W,house_q_var,PV_1_p_kW',
      '2016-01-05T00:00Z,500,-20,-1.5',
      '2016-01-05T00:15:00Z,,30,0',
      '2016-01-05T01:30:00+01:00,700,1e1,-2'
    )
  )
  t.same(faults, [])
  t.equal(measurements?.start, Date.parse('2016-01-05T00:00Z'))
  t.equal(measurements?.slots, 3)
  const [house, panels] = measurements?.series ?? []
  t.strictSame([...(house?.p ?? [])], [500, Number.NaN, 700])
  t.strictSame([...(house?.q ?? [])], [-20, 30, 10])
  t.strictSame([panels?.id, ...(panels?.p ?? [])], ['PV_1', -1500, 0, -2000])
  t.equal(panels?.q, undefined)
})

t.test('a missing row is a gap in every series', async t => {
  const { measurements } = parseMeasurements(lines('time,A_p_W', '2016-01-05T00:00Z,1', '2016-01-05T00:45Z,2'))
  t.strictSame([...(measurements?.series[0]?.p ?? [])], [1, Number.NaN, Number.NaN, 2])
})

t.test('everything wrong with a file is told at once, with its line', async t => {
  const { measurements, faults } = parseMeasurements(
    lines('when,A_p_W,A_p_kW,B_q_var,C', '2016-01-05T00:00,1,1,1,1', '2016-01-05T00:07Z,1,1,1,1', '2016-01-05T00:15Z,1')
  )
  t.equal(measurements, undefined)
  t.strictSame(
    faults.map(({ line }) => line),
    [1, 1, 1, 1, 2, 3, 4, 2]
  )
})

t.test('a value that is no number, too large, or not in order is a fault', async t => {
  for (const [row, line] of [
    ['2016-01-05T00:30Z,much', 3],
    ['2016-01-05T00:30Z,0x10', 3],
    ['2016-01-05T00:30Z,Infinity', 3],
    ['2016-01-05T00:30Z,2000000000', 3],
    ['2016-01-05T00:15Z,1', 3],
    ['2036-01-05T00:15Z,1', 3]
  ] as const) {
    const { faults } = parseMeasurements(lines('time,A_p_W', '2016-01-05T00:15Z,1', row))
    t.strictSame(
      faults.map(fault => fault.line),
      [line],
      row
    )
  }
  t.equal(parseMeasurements('').faults.length > 0, true)
  t.equal(parseMeasurements('time,A_p_W\n').faults.length, 1)
})

t.test('DTP-FC-04: whole local days are learned, halves of days are not, and refused days are told', async t => {
  const start = Date.parse('2016-01-04T12:00Z')
  const days = wholeDays(start, 96 * 4, 'Europe/Rome')
  t.strictSame(
    days.map(({ date }) => date),
    ['2016-01-05', '2016-01-06', '2016-01-07']
  )
  const p = new Float64Array(96 * 4).fill(500)
  p.fill(Number.NaN, 44 + 96, 44 + 96 + 20)
  const { model, refused } = learnSeries(initialModel('A'), { id: 'A', start, p }, days)
  t.equal(model.days, 2)
  t.strictSame(refused, [{ date: '2016-01-06', reason: 'too-many-gaps' }])
})

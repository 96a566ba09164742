import t from 'tap'
import { table } from './output.ts'

t.test(
  'a column is as wide as its widest cell, numbers to the right, texts to the left, no spaces at the end',
  async t => {
    t.equal(
      table(
        ['offer', 'Wh', 'paid €'],
        [
          ['battery', 7, '0.50'],
          ['chp', 1250, '12.00']
        ]
      ),
      ['offer      Wh  paid €', 'battery     7    0.50', 'chp      1250   12.00'].join('\n')
    )
  }
)

t.test('a table without rows is its head', async t => {
  t.equal(table(['PoD', 'status'], []), 'PoD  status')
})

t.test('what is not known counts as a number, an id does not', async t => {
  t.equal(
    table(
      ['W', 'id'],
      [
        ['–', 'pod-1'],
        [10, '7a']
      ]
    ),
    ' W  id\n –  pod-1\n10  7a'
  )
})

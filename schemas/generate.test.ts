import t from 'tap'
import { staleFiles } from './generate.ts'

t.test('types, ids, golden bytes, AsyncAPI document and event reference are fresh', async test => {
  test.strictSame(await staleFiles(), [])
})

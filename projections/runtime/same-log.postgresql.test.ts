import t from 'tap'
import { onPostgresql } from '../fixtures/databases.ts'

await onPostgresql(t, () => import('./same-log.test.ts'))

import t from 'tap'
import { onPostgresql } from './fixtures/databases.ts'

await onPostgresql(t, () => import('./hosted.test.ts'))

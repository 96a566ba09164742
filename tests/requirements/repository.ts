/** The catalogue and the titles as they stand in the repository. */
import { readFileSync } from 'node:fs'
import { filesBelow, foldersIn, textOf } from '../architecture/repository.ts'
import { type Coverage, coverageOf, type Requirement } from './coverage.ts'
import { titlesIn } from './titles.ts'

export const requirements: readonly Requirement[] = JSON.parse(
  readFileSync(new URL('../../docs/reference/requirements-index.json', import.meta.url), 'utf8')
)

/** Tests with planted titles: what they name is an example. */
const planted = 'tests/requirements/'

export const repositoryCoverage = (): Coverage =>
  coverageOf(
    requirements,
    foldersIn('')
      .flatMap(filesBelow)
      .filter(path => /\.(?:test|contract)\.ts$/.test(path) && !path.startsWith(planted))
      .flatMap(path => titlesIn(path, textOf(path)))
  )

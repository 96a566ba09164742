/** Operating errors of the projections; the same form as the other catalogues. Who catches one looks at `code`. */
export const projectionErrors = {
  FLEX_PROJECTION_FOREIGN: {
    meaning: 'The tables hold records that are not on the log: they were built from another one.',
    remedy:
      'Name the log or the database that belong together. If the log is right, rebuild all projections: the tables are made anew from it.'
  },
  FLEX_PROJECTION_OUTDATED: {
    meaning: 'The tables were built by another version of a projection than the one that runs.',
    remedy: 'Rebuild the projection; the old tables are served meanwhile.'
  },
  FLEX_PROJECTION_OVERTAKEN: {
    meaning: 'The checkpoint of a partition was moved by somebody else. Nothing was applied twice.',
    remedy:
      'Nothing: the worker reads its checkpoint again. If it lasts, two instances run under different group names.'
  },
  FLEX_PROJECTION_REBUILD_BEHIND: {
    meaning: 'A rebuild could not catch up with the live tables, which are served as before.',
    remedy: 'Rebuild again when the market is quiet, or on a faster machine.'
  }
} as const

export type ProjectionErrorCode = keyof typeof projectionErrors

export class ProjectionError extends Error {
  readonly code: ProjectionErrorCode

  constructor(code: ProjectionErrorCode, message: string) {
    super(`${code}: ${message}`)
    this.name = 'ProjectionError'
    this.code = code
  }
}

export const isProjectionError = (error: unknown, code: ProjectionErrorCode): error is ProjectionError =>
  error instanceof ProjectionError && error.code === code

/** Operating errors of the projections; who catches one looks at `code`. */
const meanings = {
  /** The tables were built by another version of the projection: rebuild it. */
  FLEX_PROJECTION_OUTDATED: 'The tables were built by another version of this projection.',
  /** Another process applied these events, or a rebuild switched. The worker reads its checkpoint again. */
  FLEX_PROJECTION_OVERTAKEN: 'The checkpoint was moved by somebody else.',
  /** The log grows faster than the rebuild reads; the live generation stays. */
  FLEX_PROJECTION_REBUILD_BEHIND: 'The rebuild could not catch up with the live tables.'
} as const

export type ProjectionErrorCode = keyof typeof meanings

export class ProjectionError extends Error {
  readonly code: ProjectionErrorCode

  constructor(code: ProjectionErrorCode, detail: string) {
    super(`${code}: ${meanings[code]} ${detail}`)
    this.name = 'ProjectionError'
    this.code = code
  }
}

export const isProjectionError = (error: unknown, code: ProjectionErrorCode): error is ProjectionError =>
  error instanceof ProjectionError && error.code === code

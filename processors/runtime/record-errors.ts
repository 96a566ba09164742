/** Why a record is parked that can be read well enough; the same form as the other catalogues of errors. */
export const recordErrors = {
  FLEX_RECORD_MISPLACED: {
    meaning: 'A record is a message that does not belong on its topic. It was parked; nothing else happened.',
    remedy:
      'Look at the source and the actor in its headers: somebody else than the gateway, the clock or a feed wrote it.'
  }
} as const

export type RecordErrorCode = keyof typeof recordErrors

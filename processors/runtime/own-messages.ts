/** Which messages belong to a processor: what stands elsewhere in the list of topics is not for its rules. */
import { decode } from '../../schemas/codec.ts'
import { isSchemaError, type SchemaErrorCode } from '../../schemas/errors.ts'
import { type Message, messageTopic } from '../../schemas/generated.ts'
import type { RecordErrorCode } from './record-errors.ts'

export type RuntimeAnswer = Extract<Message, { type: 'CommandRepeated' | 'RecordParked' }>

/** Answers that the runtime gives itself; they change no state. */
export const isRuntimeEvent = (message: Message): message is RuntimeAnswer =>
  message.type === 'CommandRepeated' || message.type === 'RecordParked'

export const isEventOf = <E extends Message>(message: Message, outbox: string): message is E =>
  messageTopic[message.type] === outbox

const isCommandOf = <C extends Message>(message: Message, inbox: string): message is C =>
  messageTopic[message.type] === inbox

export interface ReadingProblem {
  readonly code: SchemaErrorCode | RecordErrorCode
  readonly detail: string
}

export const readCommand = <C extends Message>(
  value: Uint8Array,
  inbox: string
): { readonly command: C } | { readonly problem: ReadingProblem } => {
  let message: Message
  try {
    message = decode(value)
  } catch (error) {
    if (!isSchemaError(error)) throw error
    return { problem: { code: error.code, detail: error.message } }
  }
  if (isCommandOf<C>(message, inbox)) return { command: message }
  return { problem: { code: 'FLEX_RECORD_MISPLACED', detail: `${message.type} is no command of ${inbox}` } }
}

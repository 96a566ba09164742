/** Which messages belong to a processor: what stands elsewhere in the list of topics is not for its rules. */
import { isFlexError } from '../../infra/errors.ts'
import { decode } from '../../schemas/codec.ts'
import { type Message, messageTopic } from '../../schemas/generated.ts'

export type RuntimeAnswer = Extract<Message, { type: 'CommandRepeated' | 'RecordParked' }>

/** Answers that the runtime gives itself; they change no state. */
export const isRuntimeEvent = (message: Message): message is RuntimeAnswer =>
  message.type === 'CommandRepeated' || message.type === 'RecordParked'

export const isEventOf = <E extends Message>(message: Message, outbox: string): message is E =>
  messageTopic[message.type] === outbox

const isCommandOf = <C extends Message>(message: Message, inbox: string): message is C =>
  messageTopic[message.type] === inbox

export interface ReadingProblem {
  readonly code: string
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
    const detail = error instanceof Error ? error.message : String(error)
    return { problem: { code: isFlexError(error) ? error.code : 'FLEX_RECORD_UNREADABLE', detail } }
  }
  if (isCommandOf<C>(message, inbox)) return { command: message }
  return { problem: { code: 'FLEX_RECORD_MISPLACED', detail: `${message.type} is no command of ${inbox}` } }
}

/** The requests of a group's member; as those in requests.ts, whose versions they share. */
import { type ProtocolReader, protocolWriter } from './protocol-bytes.ts'
import { type ApiRequest, api, type BrokerNode } from './requests.ts'

export const findCoordinatorRequest = (
  group: string
): ApiRequest<BrokerNode & { readonly errorCode: number; readonly message: string | null }> => ({
  ...api.findCoordinator,
  encode: () => protocolWriter().text(group).int8(0).parts(),
  decode(reader) {
    reader.int32()
    return {
      errorCode: reader.int16(),
      message: reader.textOrNull(),
      nodeId: reader.int32(),
      host: reader.text(),
      port: reader.int32()
    }
  }
})

export interface JoinGroup {
  readonly group: string
  readonly memberId: string
  readonly sessionMs: number
  readonly rebalanceMs: number
  readonly protocol: string
  readonly metadata: Uint8Array
}

export interface JoinedGroup {
  readonly errorCode: number
  readonly generation: number
  readonly leader: string
  readonly memberId: string
  /** For the leader alone. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[]
}

export const joinGroupRequest = (join: JoinGroup): ApiRequest<JoinedGroup> => ({
  ...api.joinGroup,
  encode() {
    const { group, memberId, sessionMs, rebalanceMs, protocol, metadata } = join
    const writer = protocolWriter().text(group).int32(sessionMs).int32(rebalanceMs).text(memberId).text(null)
    return writer.text('consumer').int32(1).text(protocol).bytes(metadata).parts()
  },
  decode(reader) {
    reader.int32()
    const errorCode = reader.int16()
    const generation = reader.int32()
    reader.textOrNull()
    const leader = reader.text()
    const memberId = reader.text()
    const members = reader.array(() => {
      const id = reader.text()
      reader.textOrNull()
      return { memberId: id, metadata: reader.bytes() }
    })
    return { errorCode, generation, leader, memberId, members }
  }
})

export interface GroupMembership {
  readonly group: string
  readonly generation: number
  readonly memberId: string
}

export const syncGroupRequest = (
  { group, generation, memberId }: GroupMembership,
  assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
): ApiRequest<{ readonly errorCode: number; readonly assignment: Buffer }> => ({
  ...api.syncGroup,
  encode() {
    const writer = protocolWriter().text(group).int32(generation).text(memberId).text(null)
    writer.array(assignments, one => {
      writer.text(one.memberId).bytes(one.assignment)
    })
    return writer.parts()
  },
  decode(reader) {
    reader.int32()
    return { errorCode: reader.int16(), assignment: reader.bytes() }
  }
})

export const heartbeatRequest = ({ group, generation, memberId }: GroupMembership): ApiRequest<number> => ({
  ...api.heartbeat,
  encode: () => protocolWriter().text(group).int32(generation).text(memberId).text(null).parts(),
  decode: errorCodeOnly
})

export const leaveGroupRequest = ({ group, memberId }: GroupMembership): ApiRequest<number> => ({
  ...api.leaveGroup,
  encode: () => protocolWriter().text(group).text(memberId).parts(),
  decode: errorCodeOnly
})

function errorCodeOnly(reader: ProtocolReader): number {
  reader.int32()
  return reader.int16()
}

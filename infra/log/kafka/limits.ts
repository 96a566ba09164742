/** The bounds of the Kafka adapter, each with its unit and its reason. */
export interface KafkaLimits {
  /** ms for a TCP and TLS handshake: more is a wrong address or a lost network. */
  readonly connectMs: number
  /** ms for an answer that involves no waiting. */
  readonly requestMs: number
  /**
   * ms that an append, a read or a question is tried again while brokers are away. Longer than a change of leader after a
   * crash (6-9 s with the default broker session), shorter than the patience of an HTTP client.
   */
  readonly unavailableMs: number
  /** ms before the second attempt, then doubling: soon enough for a leader that has just moved. */
  readonly retryMsMin: number
  /** ms: an engine that is back is used again within this. */
  readonly retryMsMax: number
  /** ms of trying again after which somebody should know; a fresh broker says for a second or two that it is not ready. */
  readonly warnAfterMs: number
  /** Bytes of one record batch, below a broker's default `message.max.bytes` of 1,048,588. */
  readonly batchBytesMax: number
  /** Bytes of one produce request: several partitions' batches, below a broker's 100 MiB; tens of ms on a LAN. */
  readonly requestBytesMax: number
  /** Produce requests on their way to one broker: one partition that waits for its replicas does not stop the others. */
  readonly produceLanes: number
  /** Bytes that may wait for brokers before an append is refused; one append alone may be larger. Seconds of work. */
  readonly pendingBytesMax: number
  /** Bytes of one partition in one fetch; some thousands of records. A larger batch comes alone. */
  readonly fetchBytesMax: number
  /** Connections to one broker on which readers that are behind catch up. */
  readonly catchUpLanes: number
  /** ms that the long poll of all readers at the end waits at the broker: it bounds how long a change of them waits. */
  readonly pollMs: number
  /** ms of the short poll of those that came while the long one was away: the delay of the last to come. */
  readonly joinPollMs: number
  /** Bytes of records that a following reader may have unread; then it is behind, and catches up when it wants to. */
  readonly readerBytesMax: number
  /** ms without a heartbeat after which a member is gone; brokers refuse less than 6,000 by default. */
  readonly sessionMs: number
  /** ms between heartbeats: how soon a member hears that another has come or gone. */
  readonly heartbeatMs: number
  /** ms that a rebalance waits for a member that does not come back to join. */
  readonly rebalanceMs: number
}

export const kafkaLimitsDefault: KafkaLimits = {
  connectMs: 3_000,
  requestMs: 10_000,
  unavailableMs: 20_000,
  retryMsMin: 20,
  retryMsMax: 1_000,
  warnAfterMs: 3_000,
  batchBytesMax: 1_000_000,
  requestBytesMax: 8 * 1024 * 1024,
  produceLanes: 2,
  pendingBytesMax: 128 * 1024 * 1024,
  fetchBytesMax: 1024 * 1024,
  catchUpLanes: 2,
  pollMs: 500,
  joinPollMs: 20,
  readerBytesMax: 4 * 1024 * 1024,
  sessionMs: 6_000,
  heartbeatMs: 500,
  rebalanceMs: 6_000
}

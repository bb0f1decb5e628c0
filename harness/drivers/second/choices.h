/* SPDX-License-Identifier: MIT
 *
 * What this driver chooses where the documents leave a choice. A rule that no driver but the
 * bundled one can keep shows here: each line may be changed, and a right oracle says nothing.
 */
#ifndef SECOND_CHOICES_H
#define SECOND_CHOICES_H

/* Retransmission timeout: the floor of RFC 6298, not that of the compatibility programme. */
#define SECOND_RTO_FLOOR_MS 1000u
#define SECOND_RTO_CEILING_MS 60000u
#define SECOND_RTO_INITIAL_MS 1000u

/* Every deadline is rounded up to this grid: one timer of the adapter serves all connections. */
#define SECOND_GRID_MS 10u

/* Retries after memory or a mapping was short. */
#define SECOND_RETRY_MS 10u

#define SECOND_FIN_WAIT_2_MS 120000u
#define SECOND_BLIND_MS 300000u
#define SECOND_SYN_CHALLENGE_MS 3000u
#define SECOND_PAWS_MS (24ull * 24 * 3600 * 1000)

/* Sends that are not finished go back in the chain of the terminate (1), or are completed with
 * UPLOAD_IN_PROGRESS (0). */
#define SECOND_SENDS_BACK_IN_CHAIN 1

/* Completions and neighbor events carry the handle of MiniportInitializeEx (1), or that of the
 * registration (0). */
#define SECOND_HANDLE_OF_ADAPTER 0

/* A reachability query names its neighbor by the handle (0), by the context (1), or only by the
 * addresses in its state (2). */
#define SECOND_NEIGHBOR_NAMED_BY 0

/* A receive that is empty when the remote FIN is consumed completes with SUCCESS and no byte (1),
 * or stays until the terminate (0). */
#define SECOND_FIN_COMPLETES_EMPTY 1

/* Arriving data restarts the push timer, as the text has it (1), or not, as the flowchart (0). */
#define SECOND_PUSH_RESTARTS 1

/* The target advertises SACK (1), or not, so that no connection has it (0). Reports of the peer
 * only count as duplicate acknowledgements: recovery is NewReno, then go-back-N. */
#define SECOND_ADVERTISE_SACK 0

/* The target advertises IPv6 (1), or takes IPv4 only (0). */
#define SECOND_ADVERTISE_IPV6 1

/* The registration attributes announce the size of their revision, up to its last field, or that of
 * the structure (32u), which ends with padding. */
#define SECOND_REGISTRATION_BYTES 28u

/* Held ranges are reported on segments with text too (1), or on bare acknowledgements only (0). */
#define SECOND_SACK_ON_TEXT 0

/* Frames that a handler made leave before anybody is called upwards (1), or when the calls are done
 * (0). */
#define SECOND_FRAMES_BEFORE_UPCALLS 0

/* Is a segment acceptable that begins before the window and ends behind it? By the four cases of
 * RFC 9293 it is not (1); cut on both sides it fits (0). */
#define SECOND_FOUR_CASES 1

/* A card that lost its state takes no connection until it is reset (1), or goes on as if new (0).
 */
#define SECOND_FAILED_CARD_REFUSES 1

/* Upcalls are made by a work item (1), or by whoever made them due (0). */
#define SECOND_UPCALLS_FROM_WORK_ITEM 0

/* Every segment with text is acknowledged at once (1), or by the parameters (0). */
#define SECOND_ACK_EVERYTHING 0

/* After a mandatory request for upload all I/O comes back at once (1), or with the terminate (0).
 */
#define SECOND_REQUEST_EMPTIES 0

/* Receives of a connection that the peer reset stay until the terminate (1), or go at once (0). */
#define SECOND_RESET_KEEPS_RECEIVES 0

/* A request of no bytes goes with the next data (1), or at once (0). */
#define SECOND_ZERO_WAITS 0

/* Sends are told done so many ms after their last byte was acknowledged. */
#define SECOND_SEND_MODERATION_MS 0u

/* FIN_WAIT_1 begins with the call of the disconnect (1), or when the FIN leaves (0). */
#define SECOND_FIN_WAIT_AT_CALL 0

/* TsRecent is taken by RFC 1323, whose segments hold the last ACK sent (1), or by RFC 7323 (0). */
#define SECOND_STAMPS_OF_1323 0

/* Segments held beyond a hole go up raw with a terminate (1), or are dropped (0). */
#define SECOND_HELD_GO_UP 0

/* Out of memory the connection is offered for upload (1), or tries again (0). */
#define SECOND_SHORTAGE_UPLOADS 0

/* PSH stands on the last segment of what is queued (1), or nowhere (0). */
#define SECOND_PUSHES 1

/* A receive that is done when the host aborts, but not told yet, is told aborted (1) or done (0).
 */
#define SECOND_ABORT_OVERTAKES 0

#define SECOND_CAPACITY 2048u
#define SECOND_NEIGHBORS 512u
#define SECOND_PATHS 2048u
#define SECOND_TX_BUFFERS 64u

#endif

/* SPDX-License-Identifier: MIT
 *
 * Why a target may ask to be uploaded of its own accord.
 *
 * Knows: what the target has seen that may make it ask to be uploaded: losses, disorder, small
 *   requests, silence.
 * Asked: at each segment, frame and request, and when it asks.
 * Excuses: how much of it is too much: that is the target's business.
 */
#ifndef ORACLE_SENDER_UPLOAD_REASONS_H
#define ORACLE_SENDER_UPLOAD_REASONS_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* What may have made the target ask for an upload of its own accord, since INIT. */
struct orc_upload_reasons {
    bool again, disordered, unposted, small;
    bool paused;       /* no data moved for a while */
    uint64_t moved_ns; /* when data moved last, or 0 */
};

/* A segment, before the ledgers. */
void orc_upload_reasons_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
/* A frame with data was sent, before the ledgers. */
void orc_upload_reasons_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
/* A receive request or a send of so many bytes was handed down. */
void orc_upload_reasons_request(struct oracle *o, struct orc_conn *c, uint32_t bytes);
/* The target asks to be uploaded for this reason of its own choice: there must have been some. */
void orc_upload_reasons_judge(struct oracle *o, const struct orc_conn *c, uint32_t reason);

#endif

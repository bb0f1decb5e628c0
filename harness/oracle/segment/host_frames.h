/* SPDX-License-Identifier: MIT
 *
 * The host's own frames on their way out, by the ordinary path.
 *
 * Knows: every frame of every list handed down, which of them went out, and what the list ended
 *   with.
 * Asked: at each such list and its completion, at each frame that goes out, at the end of a pause,
 *   and at rest.
 * Excuses: what a list that failed left unsent; frames that the wire does not take; the time during
 *   which the wire is held or the adapter changes its state.
 */
#ifndef ORACLE_SEGMENT_HOST_FRAMES_H
#define ORACLE_SEGMENT_HOST_FRAMES_H

#include "ndis/tap.h"
#include "oracle/base/events.h"
#include "oracle/model/passings.h"
#include "oracle/wire/wire_parse.h"

struct orc_host_frames {
    struct orc_passings frame; /* in the order handed down */
    uint32_t next;             /* the one behind the last that went out */
    uint32_t owed;             /* reported as sent, and not seen */
    uint64_t owed_ns;          /* since then, or since the wire was held */
    uint32_t pause;            /* when the last pause began, or ORC_NONE */
};

void orc_host_frames_begin(struct oracle *o);
void orc_host_send_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_host_sent_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_host_frames_pause(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_host_frames_paused(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_host_frames_rest(struct oracle *o);
/* A frame that no connection sends. Returns whether it is one of the host's, which is judged. */
bool orc_host_frame_out(struct oracle *o, const struct tap_event *ev,
                        const struct orc_packet *packet);

#endif

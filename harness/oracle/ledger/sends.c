/* SPDX-License-Identifier: MIT */
#include "oracle/ledger/sends.h"

#include <string.h>

void orc_send_fresh(struct orc_conn *c)
{
    struct orc_send *s = c->send;
    struct orc_ring bytes = s->bytes;
    orc_ring_reset(&bytes);
    memset(s, 0, sizeof(*s));
    s->bytes = bytes;
    s->fin = INT64_MAX;
    s->failed = INT64_MAX;
    s->ok_due_ns = ORC_NEVER;
}

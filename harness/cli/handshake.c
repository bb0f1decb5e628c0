/* SPDX-License-Identifier: MIT */
#include "cli/handshake.h"

#include <string.h>

static void add_option(struct segment *s, uint8_t kind, uint8_t length, uint32_t value)
{
    uint8_t *at = s->option + s->option_bytes;
    at[0] = kind;
    at[1] = length;
    for (uint8_t i = 2; i < length; i++) {
        at[i] = (uint8_t)(value >> 8 * (length - 1 - i));
    }
    s->option_bytes = (uint8_t)(s->option_bytes + length);
}

static void syn_options(const struct host_conn *conn, bool out, struct segment *s)
{
    const TCP_OFFLOAD_STATE_CONST *c = &conn->constant;
    add_option(s, 2, 4, c->RemoteMss); /* what the target's own end takes is not known */
    if (c->Flags & TCP_FLAG_WINDOW_SCALING_ENABLED) {
        add_option(s, 3, 3, out ? c->RcvWindScale : c->SndWindScale);
    }
    if (c->Flags & TCP_FLAG_SACK_ENABLED) {
        add_option(s, 4, 2, 0);
    }
    while (s->option_bytes % 4) {
        s->option[s->option_bytes++] = 1;
    }
}

static void address_ends(const struct world *world, const struct host_conn *conn, bool out,
                         struct segment *s)
{
    const struct host *host = &world->host;
    const struct host_neighbor *neighbor = &host->neighbor[host->path[conn->path].neighbor];
    s->ipv6 = conn->v6;
    s->from = out ? conn->local : conn->remote;
    s->to = out ? conn->remote : conn->local;
    memcpy(out ? s->from.mac : s->to.mac, world->mac, sizeof(world->mac));
    s->vlan = neighbor->vlan;
    s->tagged = neighbor->vlan != 0;
    s->ttl = 64;
}

uint32_t handshake_frame(const struct world *world, const struct host_conn *conn, uint32_t index,
                         uint8_t frame[SEGMENT_FRAME_MAX], bool *out)
{
    const TCP_OFFLOAD_STATE_DELEGATED *t = &conn->tcb;
    bool client = conn->local.port > conn->remote.port;
    bool syn = index < 2;
    uint32_t ours = t->SndUna, theirs = t->RcvNxt - conn->buffered;
    struct segment s = {.flags = (uint8_t)((syn ? SEG_SYN : 0) | (index ? SEG_ACK : 0))};
    *out = client == (index != 1);
    address_ends(world, conn, *out, &s);
    s.seq = (*out ? ours : theirs) - syn;
    s.ack = index ? (*out ? theirs : ours) : 0;
    uint32_t window = *out ? t->RcvWnd : t->SndWnd;
    uint32_t scale = syn ? 0 : *out ? conn->constant.RcvWindScale : conn->constant.SndWindScale;
    s.window = (uint16_t)(window >> scale > 65535 ? 65535 : window >> scale);
    s.have_ts = conn->constant.Flags & TCP_FLAG_TIMESTAMP_ENABLED;
    s.ts_value = *out ? t->TsTime : t->TsRecent;
    s.ts_echo = index ? (*out ? t->TsRecent : t->TsTime) : 0;
    if (syn) {
        syn_options(conn, *out, &s);
    }
    return segment_build(&s, frame);
}

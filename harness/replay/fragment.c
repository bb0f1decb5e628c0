/* SPDX-License-Identifier: MIT */
#include "replay/fragment.h"

#include <stdlib.h>
#include <string.h>

#define DATAGRAMS_MAX 64u
#define DATA_MAX 65535u

struct datagram {
    bool used, v6, whole;
    uint8_t from[16], to[16], protocol;
    uint32_t id;
    uint8_t *data;    /* DATA_MAX bytes */
    uint8_t *present; /* a flag for each unit of 8 bytes */
    uint32_t end;     /* 0 = not known */
    uint8_t *header;
    uint32_t header_length;
    struct packet_piece piece[PACKET_PIECES_MAX];
    uint32_t pieces;
    uint64_t turn; /* for eviction */
};

struct fragment_table {
    struct datagram datagram[DATAGRAMS_MAX];
    uint64_t turn;
    uint8_t *built;
};

struct fragment_table *fragment_table_new(void)
{
    return calloc(1, sizeof(struct fragment_table));
}

static void forget(struct datagram *d)
{
    for (uint32_t i = 0; i < d->pieces; i++) {
        free(d->piece[i].bytes);
    }
    free(d->data);
    free(d->present);
    free(d->header);
    memset(d, 0, sizeof(*d));
}

void fragment_table_del(struct fragment_table *table)
{
    if (!table) {
        return;
    }
    for (uint32_t i = 0; i < DATAGRAMS_MAX; i++) {
        forget(&table->datagram[i]);
    }
    free(table->built);
    free(table);
}

static bool same(const struct datagram *d, const struct fragment *f)
{
    return d->used && !d->whole && d->v6 == f->v6 && d->id == f->id && d->protocol == f->protocol &&
           !memcmp(d->from, f->from, 16) && !memcmp(d->to, f->to, 16);
}

static struct datagram *datagram_for(struct fragment_table *table, const struct fragment *f)
{
    struct datagram *oldest = &table->datagram[0];
    for (uint32_t i = 0; i < DATAGRAMS_MAX; i++) {
        struct datagram *d = &table->datagram[i];
        if (same(d, f)) {
            return d;
        }
        if (!d->used || (oldest->used && d->turn < oldest->turn)) {
            oldest = d;
        }
    }
    forget(oldest);
    oldest->data = calloc(1, DATA_MAX + 8);
    oldest->present = calloc(1, DATA_MAX / 8 + 1);
    if (!oldest->data || !oldest->present) {
        forget(oldest);
        return NULL;
    }
    oldest->used = true;
    oldest->v6 = f->v6;
    oldest->id = f->id;
    oldest->protocol = f->protocol;
    memcpy(oldest->from, f->from, 16);
    memcpy(oldest->to, f->to, 16);
    return oldest;
}

static uint8_t *copy_of(const uint8_t *bytes, uint32_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    if (copy) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

static void fragment_place(struct datagram *d, const struct fragment *f)
{
    for (uint32_t at = 0; at < f->length; at += 8) {
        uint32_t unit = (f->offset + at) / 8;
        if (!d->present[unit]) {
            uint32_t take = f->length - at < 8 ? f->length - at : 8;
            memcpy(d->data + f->offset + at, f->data + at, take);
            d->present[unit] = 1;
        }
    }
    if (!f->more) {
        d->end = f->offset + f->length;
    }
    if (f->offset == 0 && !d->header) {
        d->header = copy_of(f->header, f->header_length);
        d->header_length = d->header ? f->header_length : 0;
    }
}

static bool complete(const struct datagram *d)
{
    if (!d->end || !d->header) {
        return false;
    }
    for (uint32_t unit = 0; unit < (d->end + 7) / 8; unit++) {
        if (!d->present[unit]) {
            return false;
        }
    }
    return true;
}

bool fragment_add(struct fragment_table *table, const struct fragment *f,
                  const struct packet *packet, struct fragment_whole *out)
{
    if (f->offset + f->length > DATA_MAX || (f->more && f->length % 8) || !f->length) {
        return false;
    }
    struct datagram *d = datagram_for(table, f);
    if (!d || d->pieces == PACKET_PIECES_MAX) {
        return false;
    }
    uint8_t *copy = copy_of(f->header, f->packet_length);
    if (!copy) {
        return false;
    }
    d->piece[d->pieces++] =
        (struct packet_piece){packet->time_ns, packet->number, f->packet_length, copy};
    d->turn = ++table->turn;
    fragment_place(d, f);
    if (!complete(d)) {
        return false;
    }
    free(table->built);
    uint32_t length = d->header_length + d->end;
    table->built = malloc(length);
    if (!table->built) {
        return false;
    }
    memcpy(table->built, d->header, d->header_length);
    memcpy(table->built + d->header_length, d->data, d->end);
    d->whole = true; /* its pieces live until the place is taken again */
    d->turn = 0;
    *out = (struct fragment_whole){table->built, length, d->header_length, d->piece, d->pieces};
    return true;
}

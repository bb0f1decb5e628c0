/* SPDX-License-Identifier: MIT */
#include "miniport/table.h"

#include <string.h>

static uint32_t mix(uint32_t h, uint32_t v)
{
    h = (h ^ v) * 0x9E3779B1u;
    return h ^ (h >> 15);
}

static uint32_t table_hash_of(uint8_t family, const uint8_t *local, const uint8_t *remote,
                              uint16_t local_port, uint16_t remote_port)
{
    uint32_t bytes = family == 4 ? 4 : 16;
    uint32_t h = mix(family, (uint32_t)local_port << 16 | remote_port);
    for (uint32_t at = 0; at < bytes; at += 4) {
        uint32_t word;
        memcpy(&word, remote + at, 4);
        h = mix(h, word);
        memcpy(&word, local + at, 4);
        h = mix(h, word);
    }
    return h;
}

static bool same(const struct chim_conn *c, uint8_t family, const uint8_t *local,
                 const uint8_t *remote, uint16_t local_port, uint16_t remote_port)
{
    uint32_t bytes = family == 4 ? 4 : 16;
    return c->local_port == local_port && c->remote_port == remote_port &&
           c->path->family == family && memcmp(c->path->source, local, bytes) == 0 &&
           memcmp(c->path->destination, remote, bytes) == 0;
}

/* Doubles the buckets. Without memory the chains only get longer. */
static void table_grow(struct chim_adapter *ad)
{
    uint32_t count = (ad->bucket_mask + 1) * 2;
    struct chim_conn **buckets = chim_alloc(ad, count * (uint32_t)sizeof(*buckets));
    if (buckets == NULL) {
        return;
    }
    memset(buckets, 0, count * sizeof(*buckets));
    for (uint32_t i = 0; i <= ad->bucket_mask; i++) {
        while (ad->buckets[i] != NULL) {
            struct chim_conn *c = ad->buckets[i];
            ad->buckets[i] = c->hash_next;
            c->hash_next = buckets[c->hash & (count - 1)];
            buckets[c->hash & (count - 1)] = c;
        }
    }
    if (ad->buckets != ad->buckets_first) {
        NdisFreeMemory(ad->buckets, 0, 0);
    }
    ad->buckets = buckets;
    ad->bucket_mask = count - 1;
}

bool chim_table_insert(struct chim_adapter *ad, struct chim_conn *c)
{
    const struct chim_path *p = c->path;
    c->hash = table_hash_of(p->family, p->source, p->destination, c->local_port, c->remote_port);
    chim_lock(&ad->lock);
    bool free = ad->connections < ad->capacity;
    for (struct chim_conn *o = ad->buckets[c->hash & ad->bucket_mask]; o != NULL;
         o = o->hash_next) {
        if (same(o, p->family, p->source, p->destination, c->local_port, c->remote_port)) {
            free = false;
        }
    }
    if (free) {
        if (ad->connections > 2 * ad->bucket_mask) {
            table_grow(ad);
        }
        ad->connections++;
        c->hash_next = ad->buckets[c->hash & ad->bucket_mask];
        ad->buckets[c->hash & ad->bucket_mask] = c;
    }
    chim_unlock(&ad->lock);
    return free;
}

void chim_table_remove(struct chim_adapter *ad, struct chim_conn *c)
{
    chim_lock(&ad->lock);
    struct chim_conn **at = &ad->buckets[c->hash & ad->bucket_mask];
    while (*at != c) {
        CORE_ASSERT(*at != NULL);
        at = &(*at)->hash_next;
    }
    *at = c->hash_next;
    ad->connections--;
    chim_unlock(&ad->lock);
}

/* A neighbor with a VLAN takes frames tagged with it and no others (PKT-VLAN-1). */
static enum chim_match match_vlan(const struct chim_conn *c, const struct chim_packet *packet)
{
    uint16_t wanted = c->path->neighbor->vlan_id;
    return wanted == 0 || packet->vlan_id == wanted ? CHIM_MATCH_FOUND : CHIM_MATCH_WRONG_VLAN;
}

/* A handful stays in the nearest cache anyway. */
#define PREFETCH_FROM 8u
#define LINE 64u

static void prefetch(const void *memory, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += LINE) {
        __builtin_prefetch((const char *)memory + at, 1);
    }
}

/* The buckets, then the first connection of each, then all of it. Adapter lock held. */
static void fetch_ahead(struct chim_adapter *ad, const struct chim_lookup *lookup, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        __builtin_prefetch(&ad->buckets[lookup[i].hash & ad->bucket_mask]);
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct chim_conn *c = ad->buckets[lookup[i].hash & ad->bucket_mask];
        if (lookup[i].tcp && c != NULL) {
            prefetch(c, sizeof(*c));
        }
    }
}

static void table_find(struct chim_adapter *ad, struct chim_lookup *l)
{
    const struct chim_packet *p = &l->packet;
    uint16_t local_port = p->tcp.destination_port;
    uint16_t remote_port = p->tcp.source_port;
    struct chim_conn *c = ad->buckets[l->hash & ad->bucket_mask];
    while (c != NULL && (c->hash != l->hash ||
                         !same(c, p->family, p->destination, p->source, local_port, remote_port))) {
        c = c->hash_next;
    }
    if (c != NULL) {
        l->match = match_vlan(c, p);
        if (l->match == CHIM_MATCH_FOUND) {
            chim_object_hold(&c->obj);
            l->conn = c;
        }
    }
}

void chim_table_find(struct chim_adapter *ad, struct chim_lookup *lookup, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct chim_packet *p = &lookup[i].packet;
        if (lookup[i].tcp) {
            lookup[i].hash = table_hash_of(p->family, p->destination, p->source,
                                           p->tcp.destination_port, p->tcp.source_port);
        }
    }
    chim_lock(&ad->lock);
    if (ad->connections >= PREFETCH_FROM) {
        fetch_ahead(ad, lookup, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (lookup[i].tcp) {
            table_find(ad, &lookup[i]);
        }
    }
    chim_unlock(&ad->lock);
}

void chim_table_free(struct chim_adapter *ad)
{
    if (ad->buckets != ad->buckets_first && ad->buckets != NULL) {
        NdisFreeMemory(ad->buckets, 0, 0);
    }
    ad->buckets = ad->buckets_first;
}

/* SPDX-License-Identifier: MIT */
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/model/objects.h"

void orc_full_sizes(struct oracle *o, const struct orc_conn *c, int64_t *least, int64_t *most)
{
    const struct orc_object *path = orc_object(o, c->path);
    int64_t fixed = c->version == 6 ? 60 : 40;
    *least = *most = c->remote_mss;
    if (path) {
        int64_t now = (int64_t)path->mtu - fixed, before = (int64_t)path->mtu_old - fixed;
        int64_t low = now < before ? now : before, high = now < before ? before : now;
        *least = low < *least ? low : *least;
        *most = high < *most ? high : *most;
    }
    int64_t link = (int64_t)o->adapter->link_mtu - 4 - fixed; /* a tag may have to fit */
    if (o->adapter->link_mtu && link < *least) {
        *least = link;
    }
}

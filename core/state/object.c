/* SPDX-License-Identifier: MIT */
#include "state/object.h"

#include "conn/conn.h"

#include <string.h>

void chim_object_init(struct chim_object *obj, struct chim_adapter *ad, enum chim_kind kind)
{
    obj->adapter = ad;
    obj->refs = 1;
    obj->kind = (uint8_t)kind;
    obj->invalid = 0;
    chim_lock(&ad->lock);
    obj->next = ad->objects;
    obj->link = &ad->objects;
    if (obj->next != NULL) {
        obj->next->link = &obj->next;
    }
    ad->objects = obj;
    chim_unlock(&ad->lock);
}

void chim_object_hold(struct chim_object *obj)
{
    CHIM_COUNT(obj->refs, 1);
}

void chim_object_unlist(struct chim_object *obj)
{
    struct chim_adapter *ad = obj->adapter;
    chim_lock(&ad->lock);
    if (obj->link != NULL) {
        *obj->link = obj->next;
        if (obj->next != NULL) {
            obj->next->link = obj->link;
        }
        obj->link = NULL;
    }
    chim_unlock(&ad->lock);
}

void chim_object_drop(struct chim_object *obj)
{
    while (obj != NULL && __atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        struct chim_object *below = NULL;
        chim_object_unlist(obj);
        if (obj->kind == CHIM_CONN) {
            below = &chim_conn_of(obj)->path->obj;
            chim_conn_free(chim_conn_of(obj));
        } else if (obj->kind == CHIM_PATH) {
            below = &((struct chim_path *)(void *)obj)->neighbor->obj;
            NdisFreeMemory(obj, 0, 0);
        } else {
            NdisFreeMemory(obj, 0, 0);
        }
        obj = below;
    }
}

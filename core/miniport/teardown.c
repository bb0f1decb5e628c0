/* SPDX-License-Identifier: MIT */
#include "miniport/teardown.h"

#include "conn/recover.h"
#include "conn/upload.h"
#include "miniport/hostsend.h"
#include "miniport/nbl.h"
#include "miniport/power.h"
#include "miniport/table.h"
#include "miniport/tx.h"
#include "state/ops.h"

#define POLL_MICROSECONDS 1000u

static void cancel_timer(NDIS_HANDLE timer)
{
    if (timer != NULL) {
        (void)NdisCancelTimerObject(timer);
    }
}

static void free_timer(NDIS_HANDLE *timer)
{
    if (*timer != NULL) {
        NdisFreeTimerObject(*timer);
        *timer = NULL;
    }
}

static struct chim_object *first_of(struct chim_adapter *ad, enum chim_kind kind)
{
    chim_lock(&ad->lock);
    struct chim_object *obj = ad->objects;
    while (obj != NULL && obj->kind != kind) {
        obj = obj->next;
    }
    chim_unlock(&ad->lock);
    return obj;
}

/* The host halts without having terminated: surprise removal. */
static void discard_objects(struct chim_adapter *ad)
{
    struct chim_object *obj;
    while ((obj = first_of(ad, CHIM_CONN)) != NULL) {
        chim_object_unlist(obj);
        chim_upload_discard(chim_conn_of(obj));
    }
    while ((obj = first_of(ad, CHIM_PATH)) != NULL) {
        chim_object_drop(obj);
    }
    while ((obj = first_of(ad, CHIM_NEIGHBOR)) != NULL) {
        chim_object_drop(obj);
    }
}

static void wait_for_lists(struct chim_adapter *ad)
{
    for (;;) {
        KIRQL old = chim_enter();
        chim_lock(&ad->lock);
        bool out = ad->chimney.out != 0 || ad->nonoff.out != 0;
        chim_unlock(&ad->lock);
        chim_leave(old);
        if (!out) {
            return;
        }
        NdisMSleep(POLL_MICROSECONDS);
    }
}

void chim_teardown(struct chim_adapter *ad)
{
    KIRQL old = chim_enter();
    ad->halting = true;
    if (ad->ops_timer != NULL) {
        chim_ops_flush(ad);
    }
    discard_objects(ad);
    chim_power_check(ad);
    chim_hostsend_flush(ad, NDIS_STATUS_SEND_ABORTED);
    cancel_timer(ad->wheel_timer);
    cancel_timer(ad->ops_timer);
    chim_leave(old);
    wait_for_lists(ad);
    if (ad->nic != NULL) {
        NicClose(ad->nic);
    }
    free_timer(&ad->wheel_timer);
    free_timer(&ad->ops_timer);
    chim_nbl_pool_close(&ad->chimney);
    chim_nbl_pool_close(&ad->nonoff);
    chim_tx_free_all(ad);
    chim_recover_free_all(ad);
    chim_table_free(ad);
    NdisFreeSpinLock(&ad->lock);
    NdisFreeMemory(ad, 0, 0);
}

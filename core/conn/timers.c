/* SPDX-License-Identifier: MIT
 *
 * Deadlines of a connection over the adapter's wheel. A connection has one node; moving a deadline
 * back does not touch the wheel, the node then fires early and is put where it belongs.
 */
#include "conn/conn.h"

#include "conn/expire.h"

static void arm_timer(struct chim_adapter *ad, uint64_t now)
{
    uint64_t when;
    if (!chim_wheel_next(&ad->wheel, &when)) {
        return;
    }
    if (ad->wheel_armed_ms != 0 && ad->wheel_armed_ms <= when) {
        return;
    }
    LARGE_INTEGER due;
    due.QuadPart = -(LONG64)((when > now ? when - now : 1) * 10000u);
    ad->wheel_armed_ms = when;
    (void)NdisSetTimerObject(ad->wheel_timer, due, 0, NULL);
}

static void queue_node(struct chim_conn *c, uint64_t due_ms)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_lock(&ad->lock);
    chim_wheel_remove(&ad->wheel, &c->wheel);
    chim_wheel_add(&ad->wheel, &c->wheel, due_ms);
    c->wheel_due = due_ms;
    arm_timer(ad, c->now);
    chim_unlock(&ad->lock);
}

void chim_timer_set(struct chim_conn *c, enum chim_timer id, uint64_t due_ms)
{
    due_ms = due_ms == 0 ? 1 : due_ms;
    c->deadline[id] = due_ms;
    if (c->fate != CHIM_DEAD && (c->wheel_due == 0 || due_ms < c->wheel_due)) {
        queue_node(c, due_ms);
    }
}

void chim_timer_start(struct chim_conn *c, enum chim_timer id, uint64_t ms)
{
    chim_timer_set(c, id, c->now + ms);
}

void chim_timer_set_ticks(struct chim_conn *c, enum chim_timer id, uint64_t ticks)
{
    chim_timer_start(c, id, chim_ticks_to_ms(c->obj.adapter, ticks));
}

void chim_timer_stop_all(struct chim_conn *c)
{
    for (uint32_t id = 0; id < CHIM_TIMERS; id++) {
        c->deadline[id] = 0;
    }
}

void chim_timer_unlink(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_lock(&ad->lock);
    chim_wheel_remove(&ad->wheel, &c->wheel);
    chim_unlock(&ad->lock);
}

uint32_t chim_timer_left_ticks(const struct chim_conn *c, enum chim_timer id)
{
    uint64_t due = c->deadline[id];
    if (due == 0) {
        return TCP_OFFLOAD_TIMER_NOT_RUNNING;
    }
    return due <= c->now ? 0 : chim_ms_to_ticks(c->obj.adapter, due - c->now);
}

void chim_timers_run(struct chim_conn *c)
{
    uint64_t next = 0;
    c->wheel_due = 0;
    if (c->terminating) {
        return; /* what is due is handed over as due now */
    }
    for (uint32_t id = 0; id < CHIM_TIMERS; id++) {
        if (c->deadline[id] != 0 && c->deadline[id] <= c->now) {
            c->deadline[id] = 0;
            chim_expire(c, (enum chim_timer)id);
        }
    }
    for (uint32_t id = 0; id < CHIM_TIMERS; id++) {
        if (c->deadline[id] != 0 && (next == 0 || c->deadline[id] < next)) {
            next = c->deadline[id];
        }
    }
    if (next != 0 && c->fate != CHIM_DEAD && (c->wheel_due == 0 || next < c->wheel_due)) {
        queue_node(c, next);
    }
}

static struct chim_conn *conn_of_node(struct chim_wheel_node *node)
{
    return (struct chim_conn *)((ULONG_PTR)node - offsetof(struct chim_conn, wheel));
}

VOID NDIS_CALL chim_wheel_fire(PVOID system1, PVOID context, PVOID system2, PVOID system3)
{
    struct chim_adapter *ad = context;
    uint64_t now = chim_now_ms();
    (void)system1;
    (void)system2;
    (void)system3;
    chim_lock(&ad->lock);
    ad->wheel_armed_ms = 0;
    struct chim_wheel_node *due = chim_wheel_advance(&ad->wheel, now);
    struct chim_conn *list = NULL;
    while (due != NULL) {
        struct chim_conn *c = conn_of_node(due);
        due = due->next;
        /* next stays ours until the connection queues its node again, under its own lock */
        chim_object_hold(&c->obj);
        c->wheel.next = list == NULL ? NULL : &list->wheel;
        list = c;
    }
    arm_timer(ad, now);
    chim_unlock(&ad->lock);
    while (list != NULL) {
        struct chim_conn *c = list;
        list = c->wheel.next == NULL ? NULL : conn_of_node(c->wheel.next);
        chim_conn_lock(c);
        chim_timers_run(c);
        chim_conn_drain(c);
        chim_object_drop(&c->obj);
    }
}

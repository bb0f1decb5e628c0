/* SPDX-License-Identifier: MIT */
#include "state/ops.h"

#include "conn/conn.h"

enum op { OP_INITIATE, OP_QUERY, OP_UPDATE, OP_INVALIDATE, OP_TERMINATE, OP_TERMINATE_DONE };

/* Links of a queued root, and what is to be done with it. */
#define NEXT(root) ((root)->MiniportReserved[0])
#define KIND(root) ((root)->MiniportReserved[1])
/* Parts of a terminate that are not done. */
#define PARTS(root) ((root)->Scratch[0])

#define UPCALL_RETRY_100NS 10000

static void queue(struct chim_adapter *ad, chim_block root, enum op op, LONG64 delay_100ns)
{
    LARGE_INTEGER due;
    due.QuadPart = -delay_100ns;
    NEXT(root) = NULL;
    KIND(root) = (PVOID)(ULONG_PTR)op;
    chim_lock(&ad->lock);
    if (ad->ops_tail == NULL) {
        ad->ops_head = root;
    } else {
        NEXT(ad->ops_tail) = root;
    }
    ad->ops_tail = root;
    (void)NdisSetTimerObject(ad->ops_timer, due, 0, NULL);
    chim_unlock(&ad->lock);
}

static chim_block ops_pop(struct chim_adapter *ad)
{
    chim_lock(&ad->lock);
    chim_block root = ad->ops_head;
    if (root != NULL) {
        ad->ops_head = NEXT(root);
        if (ad->ops_head == NULL) {
            ad->ops_tail = NULL;
        }
    }
    chim_unlock(&ad->lock);
    return root;
}

static void finish_terminate(struct chim_adapter *ad, chim_block root)
{
    chim_lock(&ad->lock);
    bool open = ad->neighbor_upcalls != 0;
    chim_unlock(&ad->lock);
    if (open) {
        queue(ad, root, OP_TERMINATE_DONE, UPCALL_RETRY_100NS); /* TERM-DRAIN-2 */
        return;
    }
    chim_terminate_complete(ad, root);
}

static void ops_run(struct chim_adapter *ad, chim_block root)
{
    switch ((enum op)(ULONG_PTR)KIND(root)) {
    case OP_INITIATE:
        chim_initiate_run(ad, root);
        break;
    case OP_QUERY:
        chim_query_run(ad, root);
        break;
    case OP_UPDATE:
        chim_update_run(ad, root);
        break;
    case OP_INVALIDATE:
        chim_invalidate_run(ad, root);
        break;
    case OP_TERMINATE:
        PARTS(root) = (PVOID)(ULONG_PTR)1;
        chim_terminate_run(ad, root);
        chim_ops_child_done(ad, root);
        break;
    case OP_TERMINATE_DONE:
        finish_terminate(ad, root);
        break;
    }
}

void chim_ops_flush(struct chim_adapter *ad)
{
    chim_block root;
    while ((root = ops_pop(ad)) != NULL) {
        ops_run(ad, root);
    }
}

VOID NDIS_CALL chim_ops_run(PVOID system1, PVOID context, PVOID system2, PVOID system3)
{
    struct chim_adapter *ad = context;
    (void)system1;
    (void)system2;
    (void)system3;
    /* What is queued meanwhile has armed the timer again. */
    chim_lock(&ad->lock);
    chim_block last = ad->ops_tail;
    chim_unlock(&ad->lock);
    chim_block root;
    while (last != NULL && (root = ops_pop(ad)) != NULL) {
        bool end = root == last;
        ops_run(ad, root);
        if (end) {
            break;
        }
    }
}

void chim_ops_child_done(struct chim_adapter *ad, chim_block root)
{
    ULONG_PTR *parts = (ULONG_PTR *)(void *)&PARTS(root);
    if (__atomic_sub_fetch(parts, 1, __ATOMIC_ACQ_REL) == 0) {
        finish_terminate(ad, root);
    }
}

void chim_ops_each_conn(struct chim_adapter *ad, void (*visit)(struct chim_conn *c))
{
    struct chim_conn *list = NULL;
    chim_lock(&ad->lock);
    for (struct chim_object *obj = ad->objects; obj != NULL; obj = obj->next) {
        if (obj->kind != CHIM_CONN || chim_conn_of(obj)->kick_queued) {
            continue;
        }
        /* One whose last reference is going is taken off the list under this lock. */
        if (CHIM_LOAD(obj->refs) == 0) {
            continue;
        }
        struct chim_conn *c = chim_conn_of(obj);
        chim_object_hold(obj);
        c->kick_queued = true;
        c->kick_next = list;
        list = c;
    }
    chim_unlock(&ad->lock);
    while (list != NULL) {
        struct chim_conn *c = list;
        chim_lock(&ad->lock);
        list = c->kick_next;
        c->kick_queued = false;
        chim_unlock(&ad->lock);
        visit(c);
        chim_object_drop(&c->obj);
    }
}

static void handler(NDIS_HANDLE adapter, chim_block root, enum op op)
{
    KIRQL old = chim_enter();
    queue(adapter, root, op, 0);
    chim_leave(old);
}

VOID NDIS_CALL chim_initiate_handler(NDIS_HANDLE adapter, chim_block root)
{
    handler(adapter, root, OP_INITIATE);
}

VOID NDIS_CALL chim_query_handler(NDIS_HANDLE adapter, chim_block root)
{
    handler(adapter, root, OP_QUERY);
}

VOID NDIS_CALL chim_update_handler(NDIS_HANDLE adapter, chim_block root)
{
    handler(adapter, root, OP_UPDATE);
}

VOID NDIS_CALL chim_invalidate_handler(NDIS_HANDLE adapter, chim_block root)
{
    handler(adapter, root, OP_INVALIDATE);
}

VOID NDIS_CALL chim_terminate_handler(NDIS_HANDLE adapter, chim_block root)
{
    KIRQL old = chim_enter();
    chim_terminate_mark(root);
    queue(adapter, root, OP_TERMINATE, 0);
    chim_leave(old);
}

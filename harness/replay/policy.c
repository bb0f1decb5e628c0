/* SPDX-License-Identifier: MIT */
#include "replay/policy.h"

#include <string.h>

#include "replay/play.h"

#define MS 1000000ull
#define PARTIAL_BYTES 100u
#define SERIES 2u   /* posts that follow what was refused */
#define PATIENCE 3u /* packets for which that waits */
#define WAITS 20u   /* for an upload that takes its time */

static const struct policy policies[] = {
#define POLICY_ROW(name, meaning, posts, post, send, hold, no_push, answer)                        \
    {name, meaning, posts, post, send, hold, no_push, answer},
    REPLAY_POLICIES(POLICY_ROW)
#undef POLICY_ROW
};

uint32_t policy_count(void)
{
    return sizeof(policies) / sizeof(policies[0]);
}

const struct policy *policy_at(uint32_t index)
{
    return &policies[index];
}

const struct policy *policy_find(const char *name)
{
    for (uint32_t i = 0; i < policy_count(); i++) {
        if (!strcmp(policies[i].name, name)) {
            return &policies[i];
        }
    }
    return NULL;
}

void policy_answer(struct play *play)
{
    struct host_conn *conn = &play->world->host.conn[play->conn];
    bool refuses = play->policy->answer != ANSWER_ALL && !play->live && !conn->posts_out;
    conn->answer = refuses ? play->policy->answer : ANSWER_ALL;
    conn->answer_bytes = PARTIAL_BYTES;
    conn->answer_count = 1;
}

/* What was refused waits for requests, and for nothing else. */
bool policy_post_due(struct play *play)
{
    uint32_t refused = play->world->host.counts.refused;
    if (refused != play->refused) {
        play->refused = refused;
        play->refused_at = play->packet;
        play->series = SERIES + 1;
    }
    if (!play->live && play->packet < play->refused_at + PATIENCE) {
        return false;
    }
    play->series -= play->series != 0;
    return play->series != 0;
}

static bool is_open(const struct play *play)
{
    const struct host_conn *conn = &play->world->host.conn[play->conn];
    return local_offloaded(play) && !play->finished && !play->aborted && !play->remote_reset &&
           !conn->saw_disconnect && !conn->saw_abort && !conn->retrieve;
}

/* What came with the upload was read at the tap: the application has it, and its room is free. */
static void take_in(struct host_conn *conn)
{
    uint32_t window = conn->tcb.RcvWnd + conn->buffered;
    conn->tcb.RcvWnd = window < conn->cached.InitialRcvWnd ? window : conn->cached.InitialRcvWnd;
    conn->received += conn->buffered;
    conn->buffered = 0;
}

static void policy_upload(struct play *play)
{
    struct world *world = play->world;
    struct host_conn *conn = &world->host.conn[play->conn];
    host_terminate(&world->host, play->conn, SCOPE_ALL);
    world_settle(world);
    for (uint32_t i = 0; i < WAITS && conn->phase == HOST_TERMINATING; i++) {
        world_advance(world, 50 * MS);
    }
    if (conn->phase != HOST_OWNS) {
        return;
    }
    host_return(&world->host, 0, ORDER_OLDEST);
    host_return_nonoff(&world->host);
    take_in(conn);
    world_settle(world);
    host_initiate(&world->host, play->conn, 1);
    world_settle(world);
    world_await_initiate(world);
}

void policy_packet(struct play *play, uint32_t index)
{
    play->packet = index;
    if (play->upload_every && (index + 1) % play->upload_every == 0 && is_open(play)) {
        policy_upload(play);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * How the host behaves in a replay, where the capture leaves that to it: which requests it makes,
 * what it answers to indications, when it gives lists back, whether it takes the connection back in
 * between.
 */
#ifndef REPLAY_POLICY_H
#define REPLAY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "host/choices.h"

enum policy_posts { POSTS_BY_TURNS, POSTS_ALWAYS, POSTS_NEVER };

/* Word, meaning, posts, bytes of a post (0: they vary), bytes of a send at most, indicated lists
 * that are held, no push, answer to indications. */
#define REPLAY_POLICIES(X)                                                                         \
    X("usual", "posts in every second conversation, takes indications in the others",              \
      POSTS_BY_TURNS, 0, 60000, 3, false, ANSWER_ALL)                                              \
    X("posts", "posts in every conversation", POSTS_ALWAYS, 0, 60000, 3, false, ANSWER_ALL)        \
    X("indications", "posts nothing", POSTS_NEVER, 0, 60000, 3, false, ANSWER_ALL)                 \
    X("small", "requests of 61 bytes at most", POSTS_ALWAYS, 61, 61, 3, false, ANSWER_ALL)         \
    X("large", "posts of 65535 bytes", POSTS_ALWAYS, 65535, 65535, 3, false, ANSWER_ALL)           \
    X("no-push", "posts that wait until they are full", POSTS_ALWAYS, 1000, 60000, 3, true,        \
      ANSWER_ALL)                                                                                  \
    X("refuse", "refuses what is indicated, and posts for it then", POSTS_NEVER, 0, 60000, 3,      \
      false, ANSWER_NONE)                                                                          \
    X("partial", "takes 100 bytes of what is indicated, and posts for the rest", POSTS_NEVER, 0,   \
      60000, 3, false, ANSWER_BYTES)                                                               \
    X("late-return", "gives indicated lists back when 40 have gathered", POSTS_NEVER, 0, 60000,    \
      40, false, ANSWER_ALL)

struct policy {
    const char *name, *meaning;
    enum policy_posts posts;
    uint32_t post, send, hold;
    bool no_push;
    enum host_answer answer;
};

uint32_t policy_count(void);
/* The first is the usual one. */
const struct policy *policy_at(uint32_t index);
/* NULL: there is none of that name. */
const struct policy *policy_find(const char *name);

struct play;
/* Before something runs: what the host will answer to the next indication. */
void policy_answer(struct play *play);
/* A request that the answer made necessary. */
bool policy_post_due(struct play *play);
/* After a packet. Every so many of them the host takes the connection back, takes in what comes
 * with it, and hands it down again. */
void policy_packet(struct play *play, uint32_t index);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Systematic changes of a program: everything that can fail in it does in turn, every prefix of it
 * ends in each way, every upcall is answered by every call of the host. Unlike a family a change is
 * one of many of its kind; together they are said to be complete. Behind each comes a second life:
 * what is left of the connections is used, uploaded, offloaded again and used again, with nothing
 * in the way, so that what a target lost for ever shows.
 */
#ifndef FAMILIES_CHANGE_H
#define FAMILIES_CHANGE_H

#include "program/program.h"

/* Enumerator, word, what it does, and what stands behind the word: the number of a call, of two, an
 * operation, or an upcall within one. */
#define CHANGES(X)                                                                                 \
    X(CHANGE_ALLOC, "alloc", "the n-th allocation of the driver's life fails", CHANGE_AT_CALL)     \
    X(CHANGE_CALL, "call", "the n-th call that may fail does", CHANGE_AT_CALL)                     \
    X(CHANGE_PAIR, "pair", "two calls fail", CHANGE_AT_CALLS)                                      \
    X(CHANGE_POOL, "pool", "pools have nothing during an operation", CHANGE_AT_OPERATION)          \
    X(CHANGE_STALL, "tx-stall", "frames are given back only after an operation",                   \
      CHANGE_AT_OPERATION)                                                                         \
    X(CHANGE_LINK, "link-down", "the link is down during an operation", CHANGE_AT_OPERATION)       \
    X(CHANGE_STARVE, "starve", "every call that may fail does, during an operation",               \
      CHANGE_AT_OPERATION)                                                                         \
    X(CHANGE_WEAR, "wear",                                                                         \
      "behind it all is offloaded, used and uploaded again and again, the n-th call of each time " \
      "fails",                                                                                     \
      CHANGE_AT_ROUND)                                                                             \
    X(CHANGE_HARDWARE, "hardware", "the card fails before an operation, and is reset behind it",   \
      CHANGE_AT_OPERATION)                                                                         \
    X(CHANGE_TERMINATE, "terminate", "everything is uploaded after so many operations",            \
      CHANGE_AT_END)                                                                               \
    X(CHANGE_RESET, "reset", "the adapter is reset after so many operations", CHANGE_AT_END)       \
    X(CHANGE_PAUSE, "pause", "the adapter is paused, and started again", CHANGE_AT_END)            \
    X(CHANGE_POWER, "power", "the adapter sleeps, and wakes", CHANGE_AT_END)                       \
    X(CHANGE_REMOVE, "remove", "the adapter is torn out after so many operations", CHANGE_AT_END)  \
    X(CHANGE_HALT, "halt", "the adapter is halted after so many operations", CHANGE_AT_END)        \
    X(CHANGE_NEST, "nest", "the host calls from inside an upcall", CHANGE_AT_UPCALL)
enum change_at {
    CHANGE_AT_CALL,
    CHANGE_AT_CALLS,
    CHANGE_AT_ROUND,
    CHANGE_AT_OPERATION,
    CHANGE_AT_END,
    CHANGE_AT_UPCALL
};
enum change_kind { CHANGES(CHOICE_VALUE) CHANGE_KINDS };

struct change {
    enum change_kind kind;
    uint32_t at;                 /* call from 1, also of a round, or operations before it */
    uint32_t then;               /* CHANGE_PAIR: the second call, so many behind the first */
    uint32_t inside, call, conn; /* CHANGE_NEST: enum callback, enum nested_call */
};

/* What a run of the program showed. */
#define CHANGE_UPCALLS 7u /* rows of CALLBACKS */
struct change_measure {
    uint32_t allocations, calls;           /* made until its own operations were over */
    uint64_t upcalls[PROGRAM_OPS_MAX + 1]; /* before the first operation, during each: a bit for
                                              connection * CHANGE_UPCALLS + callback */
};

/* How many changes of a kind there are for the program; of pairs at most so many. */
uint32_t change_count(enum change_kind kind, const struct program *in,
                      const struct change_measure *measure, uint32_t pairs);
/* One of them. */
struct change change_number(enum change_kind kind, const struct program *in,
                            const struct change_measure *measure, uint32_t pairs, uint32_t number);
/* NULL, or why the program cannot be changed so. */
const char *change_apply(const struct change *change, const struct program *in,
                         struct program *out);

/* "alloc:17", "pair:17+3", "reset@4", "nest@4/receive-complete/post/c0". */
#define CHANGE_NAME 64u
void change_name(const struct change *change, char name[CHANGE_NAME]);
bool change_parse(const char *name, struct change *change);

/* Marks the ends that are named ("reset,halt", or "all"). False: one of them is none. */
bool change_choose_ends(const char *names, bool kind[CHANGE_KINDS]);

const char *change_word(enum change_kind kind);
const char *change_meaning(enum change_kind kind);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Which changes there are of a program, and their names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/change.h"
#include "program/choices.h"

#define PAIR_APART 255u /* as far as a header can say */
#define CALLS_MOST 65535u
#define CALLS_OF_A_ROUND 12u /* for each connection: objects, a list, mappings, frames */

static const struct row {
    const char *word, *meaning;
    enum change_at at;
} rows[] = {
#define ROW(value, word, meaning, at) [value] = {word, meaning, at},
    CHANGES(ROW)
#undef ROW
};

const char *change_word(enum change_kind kind)
{
    return rows[kind].word;
}

const char *change_meaning(enum change_kind kind)
{
    return rows[kind].meaning;
}

static uint32_t seconds_of(uint32_t first, uint32_t calls)
{
    uint32_t behind = calls - first;
    return behind < PAIR_APART ? behind : PAIR_APART;
}

static uint64_t all_pairs(uint32_t calls)
{
    uint64_t all = 0;
    for (uint32_t first = 1; first < calls; first++) {
        all += seconds_of(first, calls);
    }
    return all;
}

/* When there are more pairs than wanted, they are taken at even distances. */
static struct change pair_number(uint32_t calls, uint32_t pairs, uint32_t number)
{
    uint64_t all = all_pairs(calls), left = number;
    if (pairs && all > pairs) {
        left = number * all / pairs;
    }
    uint32_t first = 1;
    while (left >= seconds_of(first, calls)) {
        left -= seconds_of(first++, calls);
    }
    return (struct change){.kind = CHANGE_PAIR, .at = first, .then = 1 + (uint32_t)left};
}

static uint32_t nests(const struct program *in, const struct change_measure *measure)
{
    uint32_t upcalls = 0;
    for (uint32_t at = 0; at <= in->count; at++) {
        upcalls += (uint32_t)__builtin_popcountll(measure->upcalls[at]);
    }
    return upcalls * choices_nested.count;
}

static struct change nest_number(const struct change_measure *measure, uint32_t number)
{
    uint32_t at = 0, upcall = number / choices_nested.count;
    uint64_t bits = measure->upcalls[0];
    for (; upcall >= (uint32_t)__builtin_popcountll(bits); bits = measure->upcalls[++at]) {
        upcall -= (uint32_t)__builtin_popcountll(bits);
    }
    for (; upcall; upcall--) {
        bits &= bits - 1;
    }
    uint32_t bit = (uint32_t)__builtin_ctzll(bits);
    return (struct change){.kind = CHANGE_NEST,
                           .at = at,
                           .inside = bit % CHANGE_UPCALLS,
                           .conn = bit / CHANGE_UPCALLS,
                           .call = number % choices_nested.count};
}

uint32_t change_count(enum change_kind kind, const struct program *in,
                      const struct change_measure *measure, uint32_t pairs)
{
    uint32_t calls = measure->calls < CALLS_MOST ? measure->calls : CALLS_MOST;
    uint64_t all;
    switch (rows[kind].at) {
    case CHANGE_AT_CALL:
        return kind == CHANGE_CALL || measure->allocations > calls ? calls : measure->allocations;
    case CHANGE_AT_CALLS:
        all = all_pairs(calls);
        return all < pairs ? (uint32_t)all : pairs;
    case CHANGE_AT_ROUND:
        return CALLS_OF_A_ROUND * (1 + program_get(in, "connections"));
    case CHANGE_AT_OPERATION:
        return in->count;
    case CHANGE_AT_END:
        return in->count + 1;
    case CHANGE_AT_UPCALL:
        break;
    }
    return nests(in, measure);
}

struct change change_number(enum change_kind kind, const struct program *in,
                            const struct change_measure *measure, uint32_t pairs, uint32_t number)
{
    (void)in;
    switch (rows[kind].at) {
    case CHANGE_AT_CALL:
    case CHANGE_AT_ROUND:
        return (struct change){.kind = kind, .at = number + 1};
    case CHANGE_AT_CALLS:
        return pair_number(measure->calls < CALLS_MOST ? measure->calls : CALLS_MOST, pairs,
                           number);
    case CHANGE_AT_UPCALL:
        return nest_number(measure, number);
    case CHANGE_AT_OPERATION:
    case CHANGE_AT_END:
        break;
    }
    return (struct change){.kind = kind, .at = number};
}

void change_name(const struct change *c, char name[CHANGE_NAME])
{
    const char *word = rows[c->kind].word;
    switch (rows[c->kind].at) {
    case CHANGE_AT_CALL:
    case CHANGE_AT_ROUND:
        snprintf(name, CHANGE_NAME, "%s:%u", word, c->at);
        break;
    case CHANGE_AT_CALLS:
        snprintf(name, CHANGE_NAME, "%s:%u+%u", word, c->at, c->then);
        break;
    case CHANGE_AT_OPERATION:
    case CHANGE_AT_END:
        snprintf(name, CHANGE_NAME, "%s@%u", word, c->at);
        break;
    case CHANGE_AT_UPCALL:
        snprintf(name, CHANGE_NAME, "%s@%u/%s/%s/c%u", word, c->at,
                 choices_callback.choice[c->inside].name, choices_nested.choice[c->call].name,
                 c->conn);
        break;
    }
}

/* A number without sign or space, which ends at `end`; *at goes behind both. */
static bool number_until(const char **at, char end, uint32_t *out)
{
    char *stop;
    unsigned long value = strtoul(*at, &stop, 10);
    bool good = **at >= '0' && **at <= '9' && *stop == end && value <= CALLS_MOST;
    *out = (uint32_t)value;
    *at = stop + (end != '\0');
    return good;
}

static bool choice_until(const char **at, const struct choice_list *list, uint32_t *out)
{
    size_t length = strcspn(*at, "/");
    for (uint32_t i = 0; i < list->count; i++) {
        if (strlen(list->choice[i].name) == length && !memcmp(*at, list->choice[i].name, length) &&
            (*at)[length] == '/') {
            *out = i;
            *at += length + 1;
            return true;
        }
    }
    return false;
}

static bool parse_upcall(const char *at, struct change *c)
{
    return number_until(&at, '/', &c->at) && choice_until(&at, &choices_callback, &c->inside) &&
           choice_until(&at, &choices_nested, &c->call) && *at++ == 'c' &&
           number_until(&at, '\0', &c->conn) && c->conn < 8;
}

bool change_parse(const char *name, struct change *change)
{
    size_t length = strcspn(name, ":@");
    const char *at = name + length + 1;
    *change = (struct change){0};
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        bool call = rows[kind].at <= CHANGE_AT_ROUND;
        if (strlen(rows[kind].word) != length || memcmp(name, rows[kind].word, length) != 0 ||
            name[length] != (call ? ':' : '@')) {
            continue;
        }
        change->kind = (enum change_kind)kind;
        switch (rows[kind].at) {
        case CHANGE_AT_CALLS:
            return number_until(&at, '+', &change->at) && number_until(&at, '\0', &change->then) &&
                   change->at && change->then && change->then <= PAIR_APART;
        case CHANGE_AT_UPCALL:
            return parse_upcall(at, change);
        default:
            return number_until(&at, '\0', &change->at) && (change->at || !call);
        }
    }
    return false;
}

bool change_choose_ends(const char *names, bool kind[CHANGE_KINDS])
{
    bool all = !strcmp(names, "all"), good = true;
    for (const char *at = names; good && !all; at += strcspn(at, ",") + 1) {
        size_t length = strcspn(at, ",");
        good = false;
        for (uint32_t i = CHANGE_TERMINATE; i <= CHANGE_HALT; i++) {
            bool named = strlen(rows[i].word) == length && !memcmp(at, rows[i].word, length);
            kind[i] |= named;
            good |= named;
        }
        if (!at[length]) {
            break;
        }
    }
    for (uint32_t i = CHANGE_TERMINATE; i <= CHANGE_HALT; i++) {
        kind[i] |= all;
    }
    return good;
}

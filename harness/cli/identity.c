/* SPDX-License-Identifier: MIT
 *
 * What makes two findings the same one. Nothing else says so: verdicts carry it, minimize keeps it,
 * campaigns count by it.
 */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"

#define TOP 2u /* more of them tell apart the ways to one defect */

/* The function of a frame. What compilers hang on to a name ("f.isra.0") goes away, since the next
 * build has another. */
static void identity_function(const struct trace_end *end, uint32_t i, char *name, size_t room)
{
    name[0] = '\0';
    world_function(cli_frame(end, i), name, room);
    name[strcspn(name, ".")] = '\0';
    if (!name[0]) {
        snprintf(name, room, "+0x%llx", (unsigned long long)end->frame[i]);
    }
}

/* A loop is met in any function that it calls: the one that NDIS called stays the same. */
static bool identity_by_the_outermost(enum verdict_kind kind)
{
    return kind == VERDICT_HANG || kind == VERDICT_STALL;
}

/* Words that tell without a place, but for their numbers. */
static void identity_words(const struct verdict *verdict, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, ": ");
    for (const char *at = verdict->actual; *at && at < verdict->actual + 80 && used + 1 < size;
         at++) {
        bool number = isdigit((unsigned char)*at) || !isprint((unsigned char)*at);
        if (!number || out[used - 1] != '#') {
            out[used++] = number ? '#' : *at;
        }
    }
    out[used] = '\0';
}

void cli_identity(const struct trace *trace, char *out, size_t size)
{
    const struct verdict *verdict = &trace->verdict;
    const struct trace_end *end = &trace->end;
    size_t used = (size_t)snprintf(out, size, "%s", verdict_kind_name(verdict->kind));
    if (verdict->rule[0]) {
        used += (size_t)snprintf(out + used, size - used, " %s", verdict->rule);
    }
    if (!end->frames || verdict->kind == VERDICT_NONDETERMINISM) {
        if (!verdict->rule[0] && verdict->kind != VERDICT_NONDETERMINISM) {
            identity_words(verdict, out + used, size - used);
        }
        return; /* nothing is known of a place; of two runs that differ neither is the wrong one */
    }
    uint32_t first = identity_by_the_outermost(verdict->kind) ? end->frames - 1 : 0;
    for (uint32_t i = first; i < end->frames && i < first + TOP; i++) {
        char name[64];
        identity_function(end, i, name, sizeof(name));
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", i == first ? " in " : " < ", name);
    }
}

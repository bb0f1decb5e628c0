/* SPDX-License-Identifier: MIT
 *
 * The calls of a driver that may fail, by their places in its code: how often each was made to
 * fail, what became of that, and which of them no program reaches.
 */
#ifndef CLI_EACH_SITES_H
#define CLI_EACH_SITES_H

#include "base/json.h"
#include "ndis/failing.h"

#define EACH_SITES 512u
#define EACH_RULES 4u

struct each_site {
    uint64_t returns_to; /* offset in the driver's file; 0: not known */
    enum nds_failing what;
    uint64_t reached, failed, survived;
    struct {
        char name[24]; /* of a rule, or of a kind of verdict */
        uint64_t times;
    } broke[EACH_RULES]; /* the first ones */
    char place[320];     /* "function at file:line, in function at file:line" */
};

struct each_sites {
    struct each_site site[EACH_SITES];
    uint32_t count;
};

/* Its row, made when there is none; NULL when there is no room. */
struct each_site *each_site_of(struct each_sites *sites, enum nds_failing what,
                               uint64_t returns_to);
void each_site_broke(struct each_site *site, const char *name, uint64_t times);
void each_sites_add(struct each_sites *sum, const struct each_sites *more);

uint32_t each_sites_never(const struct each_sites *sites);
bool each_site_reached(const struct each_site *site);

/* Says where they are, as far as the driver's file does. */
void each_sites_place(struct each_site *site, uint32_t count);
/* Adds the calls in the driver's code that were never reached (objdump knows them; false: it cannot
 * be run), says where all are, and puts them in the order of the code. */
bool each_sites_complete(struct each_sites *sites);

void each_sites_text(struct each_sites *sites);
void each_sites_json(struct each_sites *sites);
void each_sites_html(FILE *out, struct each_sites *sites, const char *about);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The table of checkers, and the same by event.
 */
#ifndef ORACLE_CHECKERS_H
#define ORACLE_CHECKERS_H

#include "oracle/base/events.h"

/* The table (checkers.c), in the order in which those who asked for one event are asked: whoever
 * stands first reports first. */
const struct orc_checker *orc_checkers(uint32_t *count);

/* By event, for one oracle. NULL when memory is short. */
struct orc_rows *orc_rows_new(void);
void orc_rows_del(const struct orc_rows *rows); /* NULL is fine */

#endif

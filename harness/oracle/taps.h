/* SPDX-License-Identifier: MIT
 *
 * An event of the tap on its way to those who asked for it: the stack of open calls first, then the
 * rows. Apart from oracle.c, so that the many points that nobody asks about (orc_asked) cost no
 * more than the question.
 */
#ifndef ORACLE_TAPS_H
#define ORACLE_TAPS_H

struct oracle;
struct tap_event;

void orc_enter(struct oracle *o, const struct tap_event *ev); /* a call begins */
void orc_leave(struct oracle *o, const struct tap_event *ev); /* a call returns */
void orc_point(struct oracle *o, const struct tap_event *ev); /* anything in between */

#endif

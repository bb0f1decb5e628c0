/* SPDX-License-Identifier: MIT
 *
 * A line on stderr that says how far it has come: on a terminal in place, else every ten seconds.
 */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

#include <stdbool.h>

struct progress {
    bool terminal;
    double begun, shown; /* seconds */
};

void progress_begin(struct progress *progress);
/* Whether it is time to say something. */
bool progress_is_due(const struct progress *progress);
void progress_say(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The line goes away, before something else is printed. */
void progress_clear(struct progress *progress);
/* Since it began. */
double progress_seconds(const struct progress *progress);

#endif

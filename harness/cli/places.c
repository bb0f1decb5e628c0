/* SPDX-License-Identifier: MIT
 *
 * When a driver goes wrong at one place again and again, the programs that are left show nothing
 * new, and each of them costs the whole time-out.
 */
#include "cli/cli.h"
#include "program/isolate.h"

#define TIMES 3u

bool cli_often_enough(struct cli_places *places, const struct trace *trace)
{
    uint64_t place = isolate_place(trace);
    for (uint32_t i = 0; place && i < CLI_PLACES; i++) {
        if (!places->place[i] || places->place[i] == place) {
            places->place[i] = place;
            return ++places->times[i] >= TIMES;
        }
    }
    return false;
}

/* SPDX-License-Identifier: MIT
 *
 * When a driver goes wrong at one place again and again, the programs that are left show nothing
 * new, and each of them costs the whole time-out.
 */
#include "cli/cli.h"
#include "program/isolate.h"

#define TIMES 3u

static bool meet(struct cli_places *places, uint64_t place, uint32_t times)
{
    for (uint32_t i = 0; place && i < CLI_PLACES; i++) {
        if (!places->place[i] || places->place[i] == place) {
            places->place[i] = place;
            places->times[i] += times;
            return places->times[i] >= TIMES;
        }
    }
    return false;
}

bool cli_often_enough(struct cli_places *places, const struct trace *trace)
{
    return meet(places, isolate_place(trace), 1);
}

bool cli_places_add(struct cli_places *places, const struct cli_places *more)
{
    bool enough = false;
    for (uint32_t i = 0; i < CLI_PLACES; i++) {
        enough |= meet(places, more->place[i], more->times[i]);
    }
    return enough;
}

/* SPDX-License-Identifier: MIT
 *
 * A driver that is instrumented for another build of the rig is run by that build.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/cli.h"
#include "world/world.h"

#define WORDS_MOST 4096

static char *command[WORDS_MOST + 1];

void cli_keep_command(int argc, char **argv)
{
    for (int i = 0; i < argc && i < WORDS_MOST; i++) {
        command[i] = argv[i];
    }
}

char *const *cli_command(void)
{
    return command;
}

/* Both lie in the bin/ of a build, and the builds lie side by side. */
static bool sibling(const char *build, char self[PATH_MAX], char other[PATH_MAX])
{
    char wanted[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", self, PATH_MAX - 1);
    self[length > 0 ? length : 0] = '\0';
    snprintf(wanted, sizeof(wanted), "%s", self);
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(wanted, '/');
        if (!slash) {
            return false;
        }
        *slash = '\0';
    }
    size_t used = strlen(wanted);
    snprintf(wanted + used, sizeof(wanted) - used, "/%s/bin/chimneysweep", build);
    return access(wanted, X_OK) == 0 && realpath(wanted, other) && strcmp(self, other) != 0;
}

void cli_go_on_elsewhere(const char *driver)
{
    static char self[PATH_MAX], other[PATH_MAX];
    const char *build = world_other_build();
    if (build && sibling(build, self, other)) {
        fprintf(stderr, "chimneysweep: %s is instrumented: going on with %s\n", shown(driver),
                other);
        execv(other, command);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * The planted bugs by their rules: what the heads of harness/bugs/ say.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static void take(const char *line, const char *key, char *out, size_t size)
{
    size_t length = strlen(key);
    if (!strncmp(line, key, length)) {
        line += length;
        snprintf(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
    }
}

static bool read_head(const char *path, struct planted_bug *bug)
{
    char line[512], strict[8] = "";
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file) && line[0] != '\n') {
        take(line, "Rule: ", bug->rule, sizeof(bug->rule));
        take(line, "Story: ", bug->story, sizeof(bug->story));
        take(line, "Strict: ", strict, sizeof(strict));
    }
    bug->strict = !strcmp(strict, "yes");
    if (file) {
        fclose(file);
    }
    return bug->rule[0] && bug->story[0];
}

static int is_patch(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && !strcmp(end, ".patch");
}

struct planted_bug *planted_bugs(const char *folder, uint32_t *count)
{
    struct dirent **names;
    int found = scandir(folder, &names, is_patch, alphasort);
    *count = 0;
    if (found < 0) {
        return NULL;
    }
    struct planted_bug *bugs = calloc((size_t)found + 1, sizeof(*bugs));
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        if (bugs && read_head(path, &bugs[*count])) {
            snprintf(bugs[*count].name, sizeof(bugs->name), "%.*s",
                     (int)strcspn(names[i]->d_name, "."), names[i]->d_name);
            ++*count;
        }
        free(names[i]);
    }
    free(names);
    return bugs;
}

/* SPDX-License-Identifier: MIT
 *
 * The programs that are meant by a list of files and folders.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/cli.h"

#define BESIDE 512u /* bytes that the results of a program take */
#define DEPTH_MOST 32u

static bool folders_add(struct cli_paths *paths, const char *path)
{
    paths->bytes += strlen(path) + BESIDE;
    if (paths->most && paths->bytes > paths->most) {
        fprintf(stderr, "chimneysweep: %s: more programs than --memory allows\n", shown(path));
        return false;
    }
    if (paths->count == paths->room) {
        uint32_t room = paths->room ? 2 * paths->room : 256;
        char **more = realloc(paths->path, room * sizeof(*more));
        if (!more) {
            return false;
        }
        paths->path = more;
        paths->room = room;
    }
    paths->path[paths->count] = strdup(path);
    return paths->path[paths->count++] != NULL;
}

/* Of a folder: everything but hidden files, notes and dictionaries. */
static int visible(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && !(end && (!strcmp(end, ".md") || !strcmp(end, ".dict")));
}

/* Links to folders are followed where a person named them, since below they may lead back. */
static bool folders_below(struct cli_paths *paths, const char *path, unsigned depth)
{
    struct stat about;
    struct stat link;
    if (stat(path, &about) || lstat(path, &link)) {
        fprintf(stderr, "chimneysweep: %s: no such file or folder\n", shown(path));
        return false;
    }
    if (!S_ISDIR(about.st_mode)) {
        return folders_add(paths, path);
    }
    if (depth && (S_ISLNK(link.st_mode) || depth > DEPTH_MOST)) {
        return true;
    }
    struct dirent **names;
    int count = scandir(path, &names, visible, alphasort);
    bool good = count >= 0;
    for (int i = 0; i < count; i++) {
        char below[4096];
        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        good = good && folders_below(paths, below, depth + 1);
        free(names[i]);
    }
    free(names);
    return good;
}

bool cli_collect(struct cli_paths *paths, const char *path)
{
    uint32_t before = paths->count;
    if (!folders_below(paths, path, 0)) {
        return false;
    }
    if (paths->count == before) {
        fprintf(stderr, "chimneysweep: %s: no program below it\n", shown(path));
    }
    return paths->count != before;
}

/* Cuts the last part of a path off, a number of times. False when nothing is left. */
static bool folders_up(char *path, unsigned times)
{
    for (char *slash; times; times--) {
        slash = strrchr(path, '/');
        if (!slash) {
            return false;
        }
        *slash = '\0';
    }
    return true;
}

/* A build's programs lie in build/PRESET/bin of the project, installed ones in
 * libexec/chimneysweep/PRESET/bin beside share/chimneysweep, where the project's names are kept. */
bool cli_project(const char *name, char *out, size_t size)
{
    static const struct {
        unsigned up;
        const char *below;
    } homes[] = {{4, ""}, {1, "/share/chimneysweep"}};
    char self[2048];
    if (!access(name, R_OK)) {
        snprintf(out, size, "%s", name);
        return true;
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[length > 0 ? length : 0] = '\0';
    for (unsigned i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
        if (!folders_up(self, homes[i].up)) {
            return false;
        }
        snprintf(out, size, "%s%s/%s", self, homes[i].below, name);
        if (!access(out, R_OK)) {
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: MIT
 *
 * The programs that are meant by a list of files and folders.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
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

/* The folder that many parts above this program. False when there is none. */
static bool folders_above(unsigned parts, char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    return length > 0 && folders_up(out, parts);
}

/* Installed programs lie in libexec/chimneysweep/PRESET/bin. */
bool cli_prefix(char *out, size_t size)
{
    char package[2100], above[2048];
    if (!folders_above(5, above, sizeof(above))) {
        return false;
    }
    snprintf(package, sizeof(package), "%s/lib/cmake/chimneysweep", above);
    snprintf(out, size, "%s", above);
    return !access(package, R_OK);
}

/* A build's programs lie in build/PRESET/bin of the project. */
bool cli_project(const char *name, char *out, size_t size)
{
    if (!access(name, R_OK)) {
        snprintf(out, size, "%s", name);
        return true;
    }
    return cli_own(name, out, size);
}

bool cli_own(const char *name, char *out, size_t size)
{
    char above[2048];
    if (cli_prefix(above, sizeof(above))) {
        snprintf(out, size, "%s/share/chimneysweep/%s", above, name);
    } else if (folders_above(4, above, sizeof(above))) {
        snprintf(out, size, "%s/%s", above, name);
    } else {
        return false;
    }
    return !access(out, R_OK);
}

bool cli_folder(const char *option, const char *path)
{
    struct stat about;
    bool made = mkdir(path, 0777) == 0;
    bool there = !made && errno == EEXIST && stat(path, &about) == 0;
    if (made || (there && S_ISDIR(about.st_mode) && access(path, W_OK) == 0)) {
        return true;
    }
    fprintf(stderr, "%s %s: %s, expected a folder that can be written\n", option, shown(path),
            there && !S_ISDIR(about.st_mode) ? "is no folder" : strerror(errno));
    return false;
}

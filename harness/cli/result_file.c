/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "cli/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shown.h"

static bool refused(const char *path, const char *why)
{
    fprintf(stderr, "chimneysweep: %s: cannot be written: %s\n", shown(path), why);
    return false;
}

/* A device or a pipe is written as it stands; without a reader a pipe would wait for one. */
static int open_special(const char *path)
{
    int file = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (file >= 0) {
        fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
    }
    return file;
}

static mode_t mode_of_files(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* A file in the folder of the target, with no name where the system has such, else with another
 * one. */
static int open_aside(struct result_file *file)
{
    const char *slash = strrchr(file->target, '/');
    char *folder = slash ? strndup(file->target, (size_t)(slash - file->target) + 1) : strdup(".");
    int number = folder ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
    free(folder);
    file->nameless = number >= 0;
    if (asprintf(&file->made, "%s.XXXXXX", file->target) < 0) {
        file->made = NULL;
    } else if (number < 0 && (number = mkostemp(file->made, O_CLOEXEC)) >= 0) {
        fchmod(number, mode_of_files());
    }
    return number;
}

/* One that is there in a folder that is closed. */
static int open_as_it_is(struct result_file *file)
{
    free(file->made);
    file->made = NULL;
    return open(file->path, O_WRONLY | O_CLOEXEC);
}

bool result_open(struct result_file *file, const char *path)
{
    struct stat about;
    *file = (struct result_file){.path = path};
    if (!path) {
        return true;
    }
    bool there = stat(path, &about) == 0;
    if (there && S_ISDIR(about.st_mode)) {
        return refused(path, "is a directory");
    }
    if (!there && (errno != ENOENT || !*path || path[strlen(path) - 1] == '/')) {
        return refused(path, strerror(errno));
    }
    if (there && access(path, W_OK)) {
        return refused(path, strerror(errno));
    }
    bool special = there && !S_ISREG(about.st_mode);
    file->target = there ? realpath(path, NULL) : strdup(path);
    int number = special ? open_special(path) : file->target ? open_aside(file) : -1;
    if (number < 0 && special && errno == ENXIO) {
        return refused(path, "nobody reads from the other end of this pipe");
    }
    if (number < 0 && there && !special) {
        number = open_as_it_is(file);
    } else if (number >= 0 && there && !special) {
        fchmod(number, about.st_mode & 07777);
    }
    file->out = number < 0 ? NULL : fdopen(number, "w");
    return file->out || refused(path, strerror(errno));
}

/* Gives the file without a name the one beside the path: a link replaces nothing. */
static bool name_it(struct result_file *file)
{
    char self[40];
    snprintf(self, sizeof(self), "/proc/self/fd/%d", fileno(file->out));
    for (unsigned i = 0; file->made && i < 100; i++) {
        snprintf(file->made + strlen(file->target), 8, ".%06u",
                 ((unsigned)getpid() * 100 + i) % 1000000);
        if (linkat(AT_FDCWD, self, AT_FDCWD, file->made, AT_SYMLINK_FOLLOW) == 0) {
            file->nameless = false;
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return false;
}

static void forget(struct result_file *file)
{
    free(file->made);
    free(file->target);
    *file = (struct result_file){0};
}

bool result_close(struct result_file *file)
{
    if (!file->out) {
        return true;
    }
    const char *path = file->path;
    bool aside = file->made != NULL, good = fflush(file->out) == 0 && !ferror(file->out);
    if (good && !aside) { /* what a file in a closed folder had before may be longer */
        (void)!ftruncate(fileno(file->out), ftello(file->out));
    }
    good = good && (!file->nameless || name_it(file));
    int why = errno;
    if (fclose(file->out) != 0 && good) {
        why = errno;
        good = false;
    }
    if (good && aside && rename(file->made, file->target)) {
        why = errno;
        good = false;
    }
    if (!good && aside && !file->nameless) {
        unlink(file->made);
    }
    forget(file);
    return good || refused(path, strerror(why));
}

void result_drop(struct result_file *file)
{
    if (file->out) {
        fclose(file->out);
    }
    if (file->out && file->made && !file->nameless) {
        unlink(file->made);
    }
    forget(file);
}

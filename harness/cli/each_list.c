/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/each.h"

#define FILE_MOST (64u << 20)
#define LINES_LESS 64u

struct each_list {
    char *text; /* that the lines stand in */
    char **line;
    uint32_t count;
};

static void split_lines(struct each_list *list, char *text)
{
    uint32_t room = 0;
    for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
        if (at[0] == '#') {
            continue;
        }
        if (list->count == room) {
            room = room ? 2 * room : LINES_LESS;
            list->line = realloc(list->line, room * sizeof(list->line[0]));
            if (!list->line) {
                abort();
            }
        }
        list->line[list->count++] = at;
    }
}

struct each_list *each_list_read(const char *path, const char *option, bool may_be_missing)
{
    struct each_list *list = calloc(1, sizeof(*list));
    size_t length = 0;
    if (!list || (may_be_missing && access(path, F_OK) && errno == ENOENT)) {
        return list;
    }
    unsigned char *bytes = cli_read_file(path, FILE_MOST, &length);
    char *text = bytes ? malloc(length + 1) : NULL;
    if (!text) {
        free(bytes);
        free(list);
        return NULL;
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
    free(bytes);
    if (strlen(text) != length) {
        fprintf(stderr, "sweep: %s: %s: expected lines of text\n", option, shown(path));
        free(text);
        free(list);
        return NULL;
    }
    list->text = text;
    split_lines(list, text);
    return list;
}

const char *each_list_skip(const struct each_list *list, const char *path, const char *change)
{
    for (uint32_t i = 0; list && i < list->count; i++) {
        char file[1024], name[CHANGE_NAME];
        int reason = 0;
        if (sscanf(list->line[i], "%1023s %63s %n", file, name, &reason) == 2 && reason &&
            !fnmatch(file, path, 0) && !fnmatch(name, change, 0)) {
            return list->line[i] + reason;
        }
    }
    return NULL;
}

bool each_list_done(const struct each_list *list, const char *path, const char *kind,
                    uint64_t *runs, uint64_t *failed)
{
    for (uint32_t i = 0; list && i < list->count; i++) {
        const char *line = list->line[i];
        size_t length = strcspn(line, " ");
        if (strlen(kind) != length || strncmp(line, kind, length) != 0) {
            continue;
        }
        char *end, *begin = list->line[i] + length;
        *runs = strtoull(begin, &end, 10);
        bool number = end != begin;
        begin = end;
        *failed = strtoull(begin, &end, 10);
        if (number && end != begin && *end == ' ' && !strcmp(end + 1, path)) {
            return true;
        }
    }
    return false;
}

void each_list_add(int to, const char *path, const char *kind, uint64_t runs, uint64_t failed)
{
    char line[4400];
    int length =
        snprintf(line, sizeof(line), "%s %" PRIu64 " %" PRIu64 " %s\n", kind, runs, failed, path);
    if (to >= 0 && (size_t)length < sizeof(line) && write(to, line, (size_t)length) != length) {
        fprintf(stderr, "sweep: --resume: %s\n", strerror(errno));
    }
}

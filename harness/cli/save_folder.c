/* SPDX-License-Identifier: MIT
 *
 * The folder of a saved finding: made under a name that nobody looks for, synchronized, and then
 * given its own.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shown.h"
#include "cli/pcapng.h"
#include "cli/save.h"
#include "replay/report.h"

#define LISTED 100u /* conversations that are told one by one */

/* What a file name may have of an identity, and a sum of all of it. */
static void name_of(const char *identity, char *out, size_t size)
{
    uint32_t sum = 2166136261u;
    size_t used = 0;
    for (const char *at = identity; *at; at++) {
        sum = (sum ^ (uint8_t)*at) * 16777619u;
        bool plain = isalnum((unsigned char)*at) || *at == '_';
        if (used < 72 && (plain || (used && out[used - 1] != '-'))) {
            out[used++] = plain ? *at : '-';
        }
    }
    snprintf(out + used, size - used, "%s%08x", used && out[used - 1] == '-' ? "" : "-", sum);
}

static FILE *file_in(const char *folder, const char *name)
{
    char path[4400];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return fopen(path, "wxe");
}

static bool file_ends(FILE *file)
{
    bool good = file && !ferror(file) && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return file && fclose(file) == 0 && good;
}

static bool write_program(const char *folder, const struct save_finding *finding, const char *again)
{
    static char text[PROGRAM_OPS_MAX * 128];
    FILE *file = file_in(folder, "program.chim");
    size_t length = program_print(&finding->program, text, sizeof(text));
    size_t first = strcspn(text, "\n") + 1;
    if (file && length < sizeof(text)) {
        fprintf(file, "%.*s# %s\n# %s%s\n%s", (int)first, text, shown(finding->identity),
                finding->shows ? "" : "not shown by this program, but by the conversation; ",
                shown(again), text + first);
    }
    return file_ends(file) && length < sizeof(text);
}

static bool write_conversations(const char *folder, const struct save *save,
                                const struct save_finding *finding, const char *again)
{
    FILE *file = file_in(folder, "reproduce.txt");
    const struct report report = {.command = save->replay->command};
    uint32_t told = 0;
    if (!file) {
        return false;
    }
    fprintf(file, "%s\n", again);
    for (uint32_t i = 0; i < save->conversations && told < LISTED; i++) {
        const struct save_conversation *c = &save->conversation[i];
        char line[4600];
        if (!strcmp(c->identity, finding->identity)) {
            const struct flow flow = {.stream = c->stream};
            report_reproduction(&report, c->file, &flow, c->target, line, sizeof(line));
            fprintf(file, "%s\n# %s %s: %s\n", line, verdict_kind_name(c->result.kind),
                    c->result.rule, shown(c->result.reason));
            told++;
        }
    }
    if (told < finding->conversations) {
        fprintf(file, "# and %u more conversations\n", finding->conversations - told);
    }
    return file_ends(file);
}

static bool sync_path(const char *path, int how)
{
    int number = open(path, how | O_CLOEXEC);
    bool good = number >= 0 && fsync(number) == 0;
    if (number >= 0) {
        close(number);
    }
    return good;
}

/* The run again, with its wire. */
static bool write_run(const char *folder, const struct save *save,
                      const struct save_finding *finding, const char *again)
{
    char path[4400];
    struct result_file wire;
    struct world *world = save->replay->world;
    tap_reader before = world->reader;
    struct wire_log *log = wire_log_new(false);
    snprintf(path, sizeof(path), "%s/wire.pcapng", folder);
    if (!log || !result_open(&wire, path)) {
        return false;
    }
    world->reader = wire_log_event;
    bool good =
        cli_run_isolated(world, &finding->program, &save->run, save->driven->timeout_s, NULL);
    world->reader = before;
    wire_log_run(&world->trace->verdict, again);
    good = pcapng_write(&wire, log) && good && sync_path(path, O_RDONLY);
    wire_log_del(log);
    FILE *text = file_in(folder, "verdict.txt"), *json = file_in(folder, "verdict.json");
    if (text && json) {
        render_verdict(text, world->trace, again, 25);
        render_verdict_json(json, "program.chim", world->trace, NULL);
    }
    bool texts = file_ends(text);
    return file_ends(json) && texts && good;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder) {
        closedir(folder);
    }
    rmdir(path);
}

/* The folder takes the place of one of the same finding. */
static bool put_in_place(const char *made, const char *path, const char *parent)
{
    bool there = renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0;
    if (there) {
        remove_folder(made); /* what stood there before */
    }
    return (there || rename(made, path) == 0) && sync_path(parent, O_RDONLY | O_DIRECTORY);
}

bool save_folder(const struct save *save, struct save_finding *finding)
{
    char name[128], made[4200], program[4200], again[8600];
    name_of(finding->identity, name, sizeof(name));
    snprintf(finding->path, sizeof(finding->path), "%s/%s", save->folder, name);
    snprintf(program, sizeof(program), "%s/program.chim", finding->path);
    cli_reproduction(save->driven, program, again, sizeof(again));
    snprintf(made, sizeof(made), "%s/.saving.XXXXXX", save->folder);
    bool good = mkdtemp(made) && chmod(made, 0755) == 0;
    if (good) {
        good = write_program(made, finding, again) &&
               write_conversations(made, save, finding, again) &&
               write_run(made, save, finding, again) && sync_path(made, O_RDONLY | O_DIRECTORY) &&
               put_in_place(made, finding->path, save->folder);
        if (!good) {
            int why = errno;
            remove_folder(made);
            errno = why;
        }
    }
    if (!good) {
        fprintf(stderr, "replay: --save: %s cannot be written: %s\n", shown(finding->path),
                strerror(errno));
    }
    return good;
}

/* SPDX-License-Identifier: MIT
 *
 * Conversations of captures as programs: each is replayed with either end as the target's, and what
 * the target met becomes the program.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/shown.h"
#include "cli/choosing.h"
#include "cli/recordings.h"

struct command {
    const char *folder, *driver, *ops;
    struct choosing choosing;
    bool text;
    char base[256];
    uint32_t written;
    bool failed;
};

static const char *end_name(enum flow_side side)
{
    return side == FLOW_CLIENT ? "client" : "server";
}

static void import_write(struct command *c, const struct flow *flow, enum flow_side side,
                         const struct program *program)
{
    static uint8_t bytes[PROGRAM_BINARY_MAX];
    static char text[PROGRAM_OPS_MAX * 128];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s-%u-%s.%s", c->folder, c->base, flow->stream, end_name(side),
             c->text ? "chim" : "bin");
    size_t length = c->text ? program_print(program, text, sizeof(text))
                            : program_encode(program, bytes, sizeof(bytes));
    c->failed |= !cli_write_file(path, c->text ? (void *)text : bytes, length);
    c->written++;
}

/* A conversation with one of its ends as the target's. */
static void import_take(void *context, const char *file, const struct flow *flow,
                        enum flow_side side, const struct replay_result *result)
{
    static struct program program;
    struct command *c = context;
    struct recorded about;
    if (!result->tried) {
        return;
    }
    bool got = result->ran && recordings_get(flow->stream, side, &about, &program);
    if (got) {
        import_write(c, flow, side, &program);
    }
    if (result->reason[0]) { /* what of it is damaged, or was never there */
        fprintf(stderr, "import: %s stream %u, the %s as the target: %s%s\n", shown(file),
                flow->stream, end_name(side), got ? "" : "no program: ", shown(result->reason));
    }
    if (got && (about.full || about.left_out)) {
        fprintf(stderr, "import: %s stream %u, the %s as the target: %s", shown(file), flow->stream,
                end_name(side), about.full ? "cut where the program is full" : "");
        fprintf(stderr, about.left_out ? "%s%u frames that no operation says\n" : "%s\n",
                about.full && about.left_out ? ", " : "", about.left_out);
    }
}

/* File name without folders and endings. */
static void base_of(const char *path, char *base, size_t room)
{
    static const char *const packings[] = {".gz", ".zst"};
    const char *slash = strrchr(path, '/');
    snprintf(base, room, "%s", slash ? slash + 1 : path);
    for (unsigned i = 0; i < 2; i++) {
        char *dot = strrchr(base, '.');
        if (dot && !strcmp(dot, packings[i])) {
            *dot = '\0';
        }
    }
    char *dot = strrchr(base, '.');
    if (dot && dot != base) {
        *dot = '\0';
    }
}

static int import_parse(struct command *c, int argc, char **argv, int *status)
{
    struct cli_option options[16] = {
        {"-o", "DIR", "folder for the programs (required; made if missing)", NULL, &c->folder},
        {"--text", NULL, "text form (default: binary)", &c->text, NULL},
        {"--ops", "N", "operations of a program at most (as many as it can have)", NULL, &c->ops},
        {"--driver", "D.so", "driver that takes the conversations (the bundled core)", NULL,
         &c->driver},
    };
    unsigned count = choosing_options(&c->choosing, options, 4);
    int files = cli_parse(
        argc, argv, options, count,
        "import -o DIR [OPTIONS] CAPTURE...\n\n"
        "Two programs of each conversation: the client as the target, and the server. They keep "
        "times,\n"
        "windows, options and wrong checksums; payload becomes that of the payload function.",
        "  chimneysweep import -o /tmp/seeds pcaps/linux-http-download.pcap\n"
        "  chimneysweep import --text --stream 3,7-9 --local client -o . night.pcapng\n",
        status);
    if (files >= 0 && (files == 0 || !c->folder)) {
        fputs("import: expected captures and -o DIR (import --help)\n", stderr);
        *status = EXIT_USAGE;
        return -1;
    }
    return files;
}

static int import_file(struct command *c, struct replay_options *replay, char *path)
{
    uint32_t before = c->written;
    base_of(path, c->base, sizeof(c->base));
    recordings_clear();
    int status = replay_main(replay, &path, 1);
    if (c->written == before) {
        if (status == EXIT_PASS) {
            fprintf(stderr, "import: %s: no conversation to import (expected one with both ends)\n",
                    shown(path));
        }
        return status == EXIT_ENVIRONMENT ? status : EXIT_USAGE;
    }
    printf("%s: %u programs\n", shown(path), c->written - before);
    return status == EXIT_USAGE || status == EXIT_ENVIRONMENT ? status : EXIT_PASS;
}

int cmd_import(int argc, char **argv)
{
    static struct command c;
    static struct world world;
    unsigned long most = PROGRAM_OPS_MAX;
    int status;
    int files = import_parse(&c, argc, argv, &status);
    if (files < 0) {
        return status;
    }
    struct replay_options replay = {.world = &world,
                                    .out = fopen("/dev/null", "w"),
                                    .ran = recordings_ran,
                                    .judged = import_take,
                                    .context = &c};
    if ((c.ops && !cli_number("--ops", c.ops, 1, PROGRAM_OPS_MAX, &most)) ||
        !choosing_read(&c.choosing, "import", &replay)) {
        return EXIT_USAGE;
    }
    status = cli_open_world(&world, c.driver);
    if (status || !replay.out || !recordings_open(&world, (uint32_t)most)) {
        return status ? status : EXIT_ENVIRONMENT;
    }
    if (!cli_folder("import: -o", c.folder)) {
        return EXIT_USAGE;
    }
    for (int i = 1; i <= files && !c.failed; i++) {
        int this_one = import_file(&c, &replay, argv[i]);
        status = this_one ? this_one : status; /* the others may be better */
    }
    filter_del(replay.filter);
    fclose(replay.out);
    return c.failed ? EXIT_USAGE : status;
}

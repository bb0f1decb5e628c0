/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/shown.h"
#include "cli/cli.h"
#include "replay/import.h"

struct out {
    const char *folder;
    char base[256];
    bool text;
    uint32_t written;
    bool failed;
};

static void cmd_import_take(void *context, uint32_t stream, const struct program *program)
{
    struct out *out = context;
    static uint8_t bytes[PROGRAM_BINARY_MAX];
    static char text[PROGRAM_OPS_MAX * 128];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s-%u.%s", out->folder, out->base, stream,
             out->text ? "chim" : "bin");
    size_t length = out->text ? program_print(program, text, sizeof(text))
                              : program_encode(program, bytes, sizeof(bytes));
    out->failed |= !cli_write_file(path, out->text ? (void *)text : bytes, length);
    out->written++;
}

/* File name without folders and ending. */
static void base_of(const char *path, char *base, size_t room)
{
    const char *slash = strrchr(path, '/');
    snprintf(base, room, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(base, '.');
    if (dot) {
        *dot = '\0';
    }
}

int cmd_import(int argc, char **argv)
{
    struct out out = {0};
    const struct cli_option options[] = {
        {"-o", "DIR", "folder for the programs (required; made if missing)", NULL, &out.folder},
        {"--text", NULL, "text form (default: binary)", &out.text, NULL},
    };
    int status;
    int files = cli_parse(argc, argv, options, 2, "import -o DIR [--text] CAPTURE...",
                          "  chimneysweep import -o /tmp/seeds pcaps/linux-http-download.pcap\n"
                          "  chimneysweep import --text -o . night.pcapng\n",
                          &status);
    if (files < 0) {
        return status;
    }
    if (files == 0 || !out.folder) {
        fputs("import: expected captures and -o DIR (import --help)\n", stderr);
        return EXIT_USAGE;
    }
    status = EXIT_PASS;
    for (int i = 1; i <= files; i++) {
        char error[512] = "";
        base_of(argv[i], out.base, sizeof(out.base));
        mkdir(out.folder, 0777); /* if it cannot be made, writing says so */
        uint32_t before = out.written;
        replay_import_all(argv[i], cmd_import_take, &out, error, sizeof(error));
        if (out.failed) {
            return EXIT_USAGE;
        }
        if (error[0]) { /* the others may be better */
            fprintf(stderr, "chimneysweep: %s\n", shown(error));
            status = EXIT_USAGE;
        }
        if (error[0] && out.written == before) {
            continue;
        }
        printf("%s: %u programs\n", shown(argv[i]), out.written - before);
    }
    return status;
}

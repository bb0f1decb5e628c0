/* SPDX-License-Identifier: MIT
 *
 * One program, changed by one family, to be looked at, kept and shrunk.
 */
#include <string.h>

#include "base/shown.h"
#include "cli/cli.h"
#include "families/change.h"
#include "families/families.h"

static void list_families(void)
{
    uint32_t count;
    const struct family *all = families(&count);
    for (uint32_t i = 0; i < count; i++) {
        printf("  %-24s %s\n", all[i].name, all[i].what);
        if (all[i].missing) {
            printf("  %-24s missing: %s\n", "", all[i].missing);
        }
    }
}

/* By a family, or by one change that is named (families/change.h). */
static const char *changed_by(const struct family *family, const struct change *one,
                              const struct program *in, struct program *out)
{
    if (!family) {
        return change_apply(one, in, out);
    }
    return family->missing ? family->missing : family->apply(in, out);
}

static int write_changed(const char *name, const struct family *family, const struct change *one,
                         const char *path, const char *out)
{
    static struct program program, changed;
    static char text[PROGRAM_OPS_MAX * 128];
    if (!cli_read_program(path, &program)) {
        return EXIT_USAGE;
    }
    const char *why = changed_by(family, one, &program, &changed);
    if (why) {
        fprintf(stderr, "family: %s: not by %s: %s\n", shown(path), shown(name), why);
        return EXIT_INCONCLUSIVE;
    }
    size_t length = program_print(&changed, text, sizeof(text));
    if (out) {
        return cli_write_file(out, text, length) ? EXIT_PASS : EXIT_USAGE;
    }
    fputs(text, stdout);
    return EXIT_PASS;
}

int cmd_family(int argc, char **argv)
{
    const char *out = NULL;
    const struct cli_option options[] = {
        {"-o", "FILE", "where the program goes, as text (default: the terminal)", NULL, &out},
    };
    int status;
    int words = cli_parse(
        argc, argv, options, 1,
        "family [-o FILE] [NAME PROGRAM]\n\n"
        "A family changes a program in a way that does not change what a driver owes. Without\n"
        "arguments: the families. NAME may be a change too, as sweep names it (alloc:17, "
        "reset@4).\n"
        "Status 4 when the program cannot be changed so.",
        "  chimneysweep family\n"
        "  chimneysweep family seventy-frames corpora/situations/push-timer.chim\n"
        "  chimneysweep family -o changed.chim pause-over crash.bin; chimneysweep run "
        "changed.chim\n"
        "  chimneysweep family -o failing.chim alloc:17 crash.bin\n"
        "  chimneysweep sweep --families all --quiet corpora\n",
        &status);
    if (words < 0) {
        return status;
    }
    if (words == 0) {
        list_families();
        return EXIT_PASS;
    }
    const struct family *family = family_find(argv[1], strlen(argv[1]));
    struct change one;
    if (words != 2 || (!family && !change_parse(argv[1], &one))) {
        fprintf(stderr, "family: expected the name of a family (chimneysweep family lists them) "
                        "and one program\n");
        return EXIT_USAGE;
    }
    return write_changed(argv[1], family, &one, argv[2], out);
}

/* SPDX-License-Identifier: MIT
 *
 * Which programs exercise which rules: a check that no program reaches proves nothing.
 */
#include <string.h>

#include "cli/cli.h"

struct coverage {
    uint32_t rules;
    uint32_t *ran;     /* of the last run; shared with its child */
    uint64_t *total;   /* per rule, over all programs */
    uint32_t *most;    /* the most that one program evaluated it, */
    const char **best; /* and that program */
    uint32_t programs, failed;
};

const char *rules_class_name(enum oracle_check check)
{
    static const char *const names[] = {"open", "checked by the oracle", "asserted on the host",
                                        "permission", "not observable"};
    return names[check];
}

static bool needs_program(const struct oracle_rule *rule)
{
    return rule->check == CHECK_ORACLE || rule->check == CHECK_HOST;
}

static void print_text(const struct coverage *c, const struct oracle_rule *rule, uint32_t i)
{
    printf("%-14s %10llu  %s%s%s", rule->id, (unsigned long long)c->total[i],
           rules_class_name(rule->check), rule->where ? ": " : "", rule->where ? rule->where : "");
    if (c->best[i]) {
        printf("  [%s]", c->best[i]);
    } else if (needs_program(rule)) {
        fputs("  [no program]", stdout);
    }
    putchar('\n');
}

static void print_json(const struct coverage *c, const struct oracle_rule *rule, uint32_t i)
{
    fputs("    {\"id\": ", stdout);
    cli_json_string(stdout, rule->id);
    printf(", \"class\": \"%s\", \"where\": ", rules_class_name(rule->check));
    cli_json_string(stdout, rule->where);
    printf(", \"evaluated\": %llu, \"program\": ", (unsigned long long)c->total[i]);
    if (c->best[i]) {
        cli_json_string(stdout, c->best[i]);
    } else {
        fputs("null", stdout);
    }
    puts(i + 1 < c->rules ? "}," : "}");
}

/* True when every checked rule is exercised and none is open. */
static bool report(const struct coverage *c, bool json)
{
    const struct oracle_rule *rules;
    uint32_t count, class[5] = {0}, idle = 0;
    rules = oracle_rules(&count);
    if (json) {
        puts("{\"rules\": [");
    }
    for (uint32_t i = 0; i < count; i++) {
        class[rules[i].check]++;
        idle += needs_program(&rules[i]) && !c->total[i];
        (json ? print_json : print_text)(c, &rules[i], i);
    }
    const char *form =
        json ? "], \"programs\": %u, \"failed\": %u, \"totals\": {\"rules\": %u, \"oracle\": %u, "
               "\"host\": %u, \"permission\": %u, \"not_observable\": %u, \"open\": %u, "
               "\"exercised_by_nothing\": %u}}\n"
             : "%u programs, %u failed\n%u rules: %u checked by the oracle, %u asserted on the "
               "host, %u permissions, %u not observable, %u open\n%u checked rules are exercised "
               "by nothing\n";
    printf(form, c->programs, c->failed, count, class[CHECK_ORACLE], class[CHECK_HOST],
           class[CHECK_PERMISSION], class[CHECK_UNOBSERVABLE], class[CHECK_OPEN], idle);
    return !idle && !class[CHECK_OPEN] && !c->failed;
}

static void count_run(struct coverage *c, const struct trace *trace, const char *path)
{
    c->programs++;
    c->failed += trace->verdict.kind != VERDICT_PASS;
    for (uint32_t i = 0; i < c->rules; i++) {
        c->total[i] += c->ran[i];
        if (c->ran[i] > c->most[i]) {
            c->most[i] = c->ran[i];
            c->best[i] = path;
        }
    }
}

int rules_coverage(char **paths, int count, const char *driver, bool json)
{
    static struct program program;
    static struct world world;
    static uint64_t total[1024];
    static uint32_t most[1024];
    static const char *best[1024];
    static char *corpora[] = {"corpora"};
    struct cli_paths files = {0};
    struct coverage c = {.total = total, .most = most, .best = best};
    oracle_rules(&c.rules);
    for (int i = 0; i < (count ? count : 1); i++) {
        if (!cli_collect(&files, count ? paths[i] : corpora[0])) {
            return EXIT_USAGE;
        }
    }
    int status = cli_open_world(&world, driver);
    c.ran = status ? NULL : cli_shared(c.rules * sizeof(*c.ran));
    if (!c.ran) {
        return status ? status : EXIT_ENVIRONMENT;
    }
    oracle_count_into(world.oracle, c.ran);
    for (uint32_t i = 0; i < files.count; i++) {
        const struct run_options options = {0};
        if (!cli_read_program(files.path[i], &program)) {
            return EXIT_USAGE;
        }
        if (!cli_run_isolated(&world, &program, &options, 60, NULL)) {
            fputs("rules: no process for the run can be made\n", stderr);
            return EXIT_ENVIRONMENT;
        }
        count_run(&c, world.trace, files.path[i]);
    }
    return report(&c, json) ? EXIT_PASS : EXIT_FINDING;
}

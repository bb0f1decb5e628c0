/* SPDX-License-Identifier: MIT
 *
 * A rule for someone who has never seen it: what it says and why, what breaks it, what keeps it.
 */
#include <string.h>
#include <strings.h>

#include "cli/suite.h"

#define INDENT 12

struct explained {
    struct planted_bug *bug;
    uint32_t bugs;
    bool installed; /* then there are no scripts */
    struct cli_paths programs;
    struct rule_coverage *coverage;
    char patches[4096], shown_by[4096]; /* folders */
};

static const char *level_meaning(enum verdict_level level)
{
    static const char *const text[] = {
        [LEVEL_MUST] = "a driver that breaks it fails the run",
        [LEVEL_SHOULD] = "breaking it is a warning; with --strict it fails the run",
        [LEVEL_PERMISSION] = "it allows something, so nothing is ever reported for it",
        [LEVEL_READING] = "the documents are silent or contradict each other; a driver that breaks "
                          "what the rig reads in them fails the run",
        [LEVEL_HOST] = "it binds the rig, not the driver: breaking it is a fault of the rig (exit "
                       "status 3)",
    };
    return text[level];
}

static const char *party_name(const char *who)
{
    return *who == 'T'   ? "the offload target (the driver under test)"
           : *who == 'H' ? "the host stack (in a run: the rig)"
                         : "NDIS (in a run: the rig)";
}

static void put_wrapped(const char *label, const char *text)
{
    render_wrapped(stdout, INDENT, label, text);
}

static void put_source(void *context, const char *text, const char *uri)
{
    const char **label = context;
    put_wrapped(*label, text);
    if (*uri) {
        put_wrapped("", uri);
    }
    *label = "";
}

static void put_readings(const struct oracle_rule *rule)
{
    const struct cli_reading *reading[8];
    uint32_t count = sources_readings(rule->source, reading, 8);
    for (uint32_t i = 0; i < count; i++) {
        char text[600];
        snprintf(text, sizeof(text), "open in the documents: %s. The rig reads: %s.",
                 reading[i]->question, reading[i]->reading);
        put_wrapped(i ? "" : "reading", text);
    }
}

/* Whether a bug breaks a rule, or the one as which it is judged. */
static bool breaks(const struct planted_bug *bug, const struct oracle_rule *rule)
{
    return !strcmp(bug->rule, rule->id) ||
           (rule->check == CHECK_SAME && !strcmp(bug->rule, rule->where));
}

static void put_bugs(const struct explained *e, const struct oracle_rule *rule)
{
    bool any = false;
    for (uint32_t i = 0; i < e->bugs; i++) {
        const struct planted_bug *bug = &e->bug[i];
        if (!breaks(bug, rule)) {
            continue;
        }
        char text[512];
        snprintf(text, sizeof(text), "%s: %s%s", bug->name, bug->story,
                 bug->strict ? " (shows with --strict)" : "");
        put_wrapped(any ? "" : "broken by", text);
        printf("%*s%s/%s.patch\n", INDENT, "", e->patches, bug->name);
        printf("%*s%s/%s.chim\n", INDENT, "", e->shown_by, bug->name);
        if (!e->installed) {
            printf("%*sscripts/bugs --programs %s\n", INDENT, "", bug->name);
        }
        any = true;
    }
    if (!any) {
        put_wrapped("broken by", "no planted bug breaks this rule");
    }
}

static const char *best_program(const struct explained *e, uint32_t index)
{
    const struct rule_coverage *c = e->coverage;
    index = rules_judged_as(index);
    return c && c->most[index] ? e->programs.path[c->best[index]] : NULL;
}

static void put_program(const struct explained *e, const struct oracle_rule *rule, uint32_t index)
{
    const char *path = best_program(e, index);
    char text[4200];
    if (path) {
        uint32_t times = e->coverage->most[rules_judged_as(index)];
        snprintf(text, sizeof(text), "%s (evaluates it %u time%s)", path, times,
                 times == 1 ? "" : "s");
        put_wrapped("kept by", text);
        printf("%*schimneysweep run --trace %s\n", INDENT, "", path);
    } else {
        put_wrapped("kept by", rule->check == CHECK_PERMISSION ? "nothing to evaluate"
                               : e->coverage ? "no program of corpora/ evaluates it"
                                             : "no corpora/ found here to look for a program in");
    }
}

static void put_text(const struct explained *e, const struct oracle_rule *rule, uint32_t index)
{
    char text[1024];
    const char *label = "source";
    bool color = cli_color(stdout);
    printf("%s%s%s\n", color ? "\033[1m" : "", rule->id, color ? "\033[0m" : "");
    put_wrapped("rule", rule->statement);
    put_wrapped("why", rule->why);
    snprintf(text, sizeof(text), "%s: %s", rules_level_name(rule->level),
             level_meaning(rule->level));
    put_wrapped("level", text);
    put_wrapped("binds", party_name(rule->who));
    snprintf(text, sizeof(text), "%s%s%s", rules_class_name(rule->check),
             rules_needs_program(rule) ? ", in harness/: " : ": ", rule->where);
    put_wrapped("judged", text);
    sources_visit(rule->source, put_source, &label);
    put_readings(rule);
    put_bugs(e, rule);
    put_program(e, rule, index);
}

static void put_json_source(void *context, const char *text, const char *uri)
{
    struct json *json = context;
    json_object(json, NULL);
    json_text(json, "text", text);
    json_text(json, "uri", *uri ? uri : NULL);
    json_close(json);
}

static void put_json_bug(struct json *json, const struct explained *e,
                         const struct planted_bug *bug)
{
    char text[4600];
    json_object(json, NULL);
    json_text(json, "name", bug->name);
    json_text(json, "story", bug->story);
    snprintf(text, sizeof(text), "%s/%s.patch", e->patches, bug->name);
    json_text(json, "patch", text);
    snprintf(text, sizeof(text), "%s/%s.chim", e->shown_by, bug->name);
    json_text(json, "program", text);
    json_bool(json, "strict", bug->strict);
    snprintf(text, sizeof(text), "scripts/bugs --programs %s", bug->name);
    json_text(json, "command", e->installed ? NULL : text);
    json_close(json);
}

static void put_json_readings(struct json *json, const struct oracle_rule *rule)
{
    const struct cli_reading *reading[8];
    uint32_t readings = sources_readings(rule->source, reading, 8);
    json_list(json, "readings");
    for (uint32_t i = 0; i < readings; i++) {
        json_object(json, NULL);
        json_text(json, "question", reading[i]->question);
        json_text(json, "reading", reading[i]->reading);
        json_close(json);
    }
    json_close(json);
}

static void put_json(struct json *json, const struct explained *e, const struct oracle_rule *rule,
                     uint32_t index)
{
    json_object(json, NULL);
    json_text(json, "id", rule->id);
    json_text(json, "statement", rule->statement);
    json_text(json, "why", rule->why);
    json_text(json, "level", rules_level_name(rule->level));
    json_text(json, "level_meaning", level_meaning(rule->level));
    json_text(json, "binds", party_name(rule->who));
    json_text(json, "class", rules_class_name(rule->check));
    json_text(json, "where", rule->where);
    json_list(json, "sources");
    sources_visit(rule->source, put_json_source, json);
    json_close(json);
    put_json_readings(json, rule);
    json_list(json, "planted_bugs");
    for (uint32_t i = 0; i < e->bugs; i++) {
        if (breaks(&e->bug[i], rule)) {
            put_json_bug(json, e, &e->bug[i]);
        }
    }
    json_close(json);
    json_text(json, "program", best_program(e, index));
    json_number(json, "evaluated", e->coverage ? e->coverage->most[rules_judged_as(index)] : 0);
    json_close(json);
}

/* Whether the rule is meant: by its id, or by a prefix that ends with a dash or at one. */
static bool meant(const struct oracle_rule *rule, const char *name)
{
    size_t length = strlen(name);
    bool ends = length && (name[length - 1] == '-' || rule->id[length] == '-');
    return !strcasecmp(rule->id, name) || (ends && !strncasecmp(rule->id, name, length));
}

/* Adds the rules that a name means. False after one line. */
static bool cmd_explain_choose(const char *name, bool *wanted, uint32_t *chosen)
{
    uint32_t count;
    bool any = false;
    const struct oracle_rule *rules = oracle_rules(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (strlen(rules[i].id) >= strlen(name) && meant(&rules[i], name)) {
            any = true;
            *chosen += !wanted[i];
            wanted[i] = true;
        }
    }
    if (!any) {
        const struct oracle_rule *near[4];
        unsigned found = rules_nearest(name, near, 4);
        fprintf(stderr, "explain: no rule '%s'; the nearest are", name);
        for (unsigned i = 0; i < found; i++) {
            fprintf(stderr, "%s %s", i ? "," : "", near[i]->id);
        }
        fputs(" (chimneysweep rules lists all)\n", stderr);
    }
    return any;
}

/* Measures the situations; all of corpora/ only if a rule that is wanted needs more. */
static int cmd_explain_measure(struct explained *e, const bool *wanted)
{
    static const char *const folders[] = {"corpora/situations", "corpora"};
    static struct world world;
    bool missing = true;
    uint32_t count;
    const struct oracle_rule *rules = oracle_rules(&count);
    char path[4096];
    for (unsigned k = 0; k < 2 && missing && cli_project(folders[k], path, sizeof(path)); k++) {
        e->programs = (struct cli_paths){0};
        int status = cli_collect(&e->programs, path) ? EXIT_PASS : EXIT_USAGE;
        status = status || k ? status : cli_open_world(&world, NULL);
        e->coverage =
            status ? NULL
                   : rules_measure(&world, &e->programs, &(struct suite_options){0}, &status);
        if (status) {
            return status;
        }
        missing = false;
        for (uint32_t i = 0; i < count; i++) {
            missing |= wanted[i] && rules[i].check != CHECK_PERMISSION &&
                       !e->coverage->most[rules_judged_as(i)];
        }
    }
    return EXIT_PASS;
}

int cmd_explain(int argc, char **argv)
{
    static struct explained e;
    static bool wanted[RULES_MAX];
    bool json = false;
    const struct cli_option options[] = {{"--json", NULL, "print JSON", &json, NULL}};
    int status;
    int names = cli_parse(argc, argv, options, 1, "explain [--json] RULE|PREFIX-...",
                          "  chimneysweep explain RCV-FIFO-1\n"
                          "  chimneysweep explain IND- FIN-IND-1\n"
                          "  chimneysweep explain --json WIRE-SACK\n",
                          &status);
    if (names < 0) {
        return status;
    }
    if (names == 0) {
        fputs("explain: expected a rule, or the beginning of some (explain --help)\n", stderr);
        return EXIT_USAGE;
    }
    uint32_t left = 0, count;
    for (int i = 1; i <= names; i++) {
        if (!cmd_explain_choose(argv[i], wanted, &left)) {
            return EXIT_USAGE;
        }
    }
    status = cmd_explain_measure(&e, wanted);
    if (status) {
        return status;
    }
    char prefix[2048];
    e.installed = cli_prefix(prefix, sizeof(prefix));
    if (cli_project("harness/bugs", e.patches, sizeof(e.patches)) &&
        cli_project("corpora/bugs", e.shown_by, sizeof(e.shown_by))) {
        e.bug = planted_bugs(e.patches, &e.bugs);
    }
    const struct oracle_rule *rules = oracle_rules(&count);
    struct json list = {0};
    if (json) {
        list = json_begin(stdout);
        json_list(&list, "rules");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (wanted[i] && json) {
            put_json(&list, &e, &rules[i], i);
        } else if (wanted[i]) {
            put_text(&e, &rules[i], i);
            fputs(--left ? "\n" : "", stdout);
        }
    }
    if (json) {
        json_end(&list);
    }
    return EXIT_PASS;
}

/* SPDX-License-Identifier: MIT
 *
 * objdump knows which functions a driver calls where, addr2line the lines of these places.
 */
#define _GNU_SOURCE
#include "cli/each_sites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

struct each_site *each_site_of(struct each_sites *sites, enum nds_failing what, uint64_t returns_to)
{
    for (uint32_t i = 0; i < sites->count; i++) {
        if (sites->site[i].returns_to == returns_to && sites->site[i].what == what) {
            return &sites->site[i];
        }
    }
    if (sites->count == EACH_SITES) {
        return NULL;
    }
    struct each_site *site = &sites->site[sites->count++];
    *site = (struct each_site){.returns_to = returns_to, .what = what};
    return site;
}

void each_site_broke(struct each_site *site, const char *name, uint64_t times)
{
    for (uint32_t i = 0; i < EACH_RULES; i++) {
        if (!site->broke[i].name[0]) {
            snprintf(site->broke[i].name, sizeof(site->broke[i].name), "%s", name);
        }
        if (!strcmp(site->broke[i].name, name)) {
            site->broke[i].times += times;
            return;
        }
    }
}

void each_sites_add(struct each_sites *sum, const struct each_sites *more)
{
    for (uint32_t i = 0; i < more->count; i++) {
        const struct each_site *from = &more->site[i];
        struct each_site *to = each_site_of(sum, from->what, from->returns_to);
        for (uint32_t k = 0; to && k < EACH_RULES && from->broke[k].name[0]; k++) {
            each_site_broke(to, from->broke[k].name, from->broke[k].times);
        }
        if (to) {
            to->reached += from->reached;
            to->failed += from->failed;
            to->survived += from->survived;
        }
    }
}

/* ---- What the driver's file says ---- */

/* Its answer is to be read to the end, then waited for. NULL: it cannot be run. */
static FILE *each_ask(char *const arguments[], pid_t *pid)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        return NULL;
    }
    *pid = fork();
    if (*pid == 0) {
        int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(ends[1], STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return NULL;
    }
    return fdopen(ends[0], "r");
}

static bool each_answered(FILE *answer, pid_t pid)
{
    int status = 1;
    fclose(answer);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The kind of the function whose name ends at the first other character; FAILINGS: none of them. */
static enum nds_failing failing_named(const char *name)
{
#define FUNCTIONS(value, word, meaning, functions) [value] = functions,
    static const char *const functions[] = {NDS_FAILING(FUNCTIONS)};
#undef FUNCTIONS
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (uint32_t what = FAILING_MEMORY; what < FAILINGS; what++) {
        for (const char *at = functions[what]; *at; at += strspn(at, " ")) {
            size_t word = strcspn(at, " ");
            if (word == length && !memcmp(at, name, length)) {
                return (enum nds_failing)what;
            }
            at += word;
        }
    }
    return FAILINGS;
}

static bool kind_without_place(const struct each_sites *sites, enum nds_failing what)
{
    for (uint32_t i = 0; i < sites->count; i++) {
        if (sites->site[i].what == what && !sites->site[i].returns_to) {
            return true;
        }
    }
    return false;
}

/* "  8a7d:  call  16e50 <Name@plt>", then the line of what it returns to. A jump at the end of a
 * function returns to that one's caller: it is known only as a call without a place. */
static void take_line(struct each_sites *sites, const char *line, enum nds_failing *called)
{
    char *end;
    uint64_t address = strtoull(line, &end, 16);
    if (end == line || *end != ':') {
        return;
    }
    if (*called != FAILINGS) {
        each_site_of(sites, *called, address);
        *called = FAILINGS;
    }
    const char *name = strchr(end, '<');
    bool call = strstr(end, "call") != NULL, jump = strstr(end, "\tjmp") != NULL;
    enum nds_failing what = name && (call || jump) ? failing_named(name + 1) : FAILINGS;
    bool plain = what != FAILINGS && name[strcspn(name, "@+>")] != '+';
    if (plain && call) {
        *called = what;
    } else if (plain && !kind_without_place(sites, what)) {
        each_site_of(sites, what, address);
    }
}

static bool calls_of_the_file(struct each_sites *sites)
{
    char *const arguments[] = {"objdump", "-dj.text", "--no-show-raw-insn",
                               (char *)(uintptr_t)world_driver_path(), NULL};
    char line[512];
    enum nds_failing called = FAILINGS;
    pid_t pid = 0;
    FILE *answer = each_ask(arguments, &pid);
    while (answer && fgets(line, sizeof(line), answer)) {
        take_line(sites, line, &called);
    }
    return answer && each_answered(answer, pid);
}

/* ---- Places ---- */

/* A line of addr2line. Functions that were inlined into one another stand in one place, the
 * innermost first. */
static void take_place(struct each_site *site, const char *text)
{
    size_t used = strlen(site->place);
    if (strncmp(text, "??", 2) != 0) {
        snprintf(site->place + used, sizeof(site->place) - used, "%s%s", used ? ", in " : "", text);
    }
}

static void by_symbol(struct each_site *site)
{
    char name[200];
    if (!site->returns_to) {
        snprintf(site->place, sizeof(site->place), "a place that is not known");
        return;
    }
    uint64_t first = world_function(site->returns_to - 1, name, sizeof(name));
    snprintf(site->place, sizeof(site->place), "%s+0x%llx", name[0] ? name : "offset",
             (unsigned long long)(site->returns_to - (name[0] ? first : 0)));
}

static void ask_lines(struct each_site *site, uint32_t count)
{
    static char number[EACH_SITES][24];
    static char *arguments[EACH_SITES + 4] = {"addr2line", "-aifpse"};
    static const char by[] = " (inlined by) ";
    char line[512];
    pid_t pid = 0;
    arguments[2] = (char *)(uintptr_t)world_driver_path();
    for (uint32_t i = 0; i < count; i++) { /* a return address names the call before it */
        snprintf(number[i], sizeof(number[i]), "0x%llx",
                 (unsigned long long)(site[i].returns_to ? site[i].returns_to - 1 : 0));
        arguments[3 + i] = number[i];
    }
    arguments[3 + count] = NULL;
    FILE *answer = each_ask(arguments, &pid);
    struct each_site *at = NULL;
    for (uint32_t i = 0; answer && fgets(line, sizeof(line), answer);) {
        line[strcspn(line, "\n")] = '\0';
        const char *behind = strstr(line, ": ");
        if (!strncmp(line, "0x", 2) && behind && i < count) {
            at = &site[i++];
            take_place(at, behind + 2);
        } else if (at && !strncmp(line, by, sizeof(by) - 1)) {
            take_place(at, line + sizeof(by) - 1);
        }
    }
    if (answer) {
        each_answered(answer, pid);
    }
}

void each_sites_place(struct each_site *site, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        site[i].place[0] = '\0';
    }
    ask_lines(site, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!site[i].place[0]) {
            by_symbol(&site[i]);
        }
    }
}

bool each_site_reached(const struct each_site *site)
{
    return site->reached || site->failed;
}

/* The same call of the source, in a copy of its function that nobody calls, since it was inlined
 * wherever it is called: "f at x.c:1" beside "f at x.c:1, in g at y.c:2". */
static bool is_copy(const struct each_sites *sites, const struct each_site *site)
{
    size_t length = strlen(site->place);
    const char *at = strstr(site->place, " at ");
    bool alone = at && !strstr(at, ", in ");
    for (uint32_t i = 0; i < sites->count && !each_site_reached(site); i++) {
        const struct each_site *other = &sites->site[i];
        size_t head = strcspn(other->place, ",");
        if (!each_site_reached(other) || other->what != site->what) {
            continue;
        }
        bool prefix = !strncmp(other->place, site->place, length) && other->place[length] == ',';
        bool same = alone && head > strlen(at) &&
                    !strncmp(other->place + head - strlen(at), at, strlen(at));
        if (prefix || same) {
            return true;
        }
    }
    return false;
}

static int by_offset(const void *a, const void *b)
{
    const struct each_site *x = a, *y = b;
    return x->returns_to < y->returns_to ? -1 : x->returns_to > y->returns_to;
}

bool each_sites_complete(struct each_sites *sites)
{
    bool known = calls_of_the_file(sites);
    uint32_t kept = 0;
    qsort(sites->site, sites->count, sizeof(sites->site[0]), by_offset);
    each_sites_place(sites->site, sites->count);
    for (uint32_t i = 0; i < sites->count; i++) {
        if (!is_copy(sites, &sites->site[i])) {
            sites->site[kept++] = sites->site[i];
        }
    }
    sites->count = kept;
    return known;
}

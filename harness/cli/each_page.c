/* SPDX-License-Identifier: MIT
 *
 * The table of calls that may fail: as text, as JSON, and as a page that needs nothing else.
 */
#include <string.h>

#include "base/shown.h"
#include "cli/cli.h"
#include "cli/each_sites.h"

static uint64_t broke_of(const struct each_site *site)
{
    return site->failed - site->survived;
}

uint32_t each_sites_never(const struct each_sites *sites)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sites->count; i++) {
        count += !each_site_reached(&sites->site[i]);
    }
    return count;
}

static void rules_of(const struct each_site *site, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < EACH_RULES && site->broke[i].name[0] && used < room; i++) {
        used += (size_t)snprintf(out + used, room - used, "%s%s %llu", i ? ", " : "",
                                 site->broke[i].name, (unsigned long long)site->broke[i].times);
    }
}

void each_sites_text(struct each_sites *sites)
{
    char rules[200];
    if (!sites->count) {
        return;
    }
    printf("\n%10s %10s %8s  %-13s %s\n", "failed", "survived", "broke", "call", "called from");
    for (uint32_t i = 0; i < sites->count; i++) {
        const struct each_site *site = &sites->site[i];
        rules_of(site, rules, sizeof(rules));
        printf("%10llu %10llu %8llu  %-13s %s%s%s\n", (unsigned long long)site->failed,
               (unsigned long long)site->survived, (unsigned long long)broke_of(site),
               nds_failing_word(site->what), shown(site->place), rules[0] ? ": " : "", rules);
    }
    printf("%u calls that may fail, %u never reached\n", sites->count, each_sites_never(sites));
    for (uint32_t i = 0; i < sites->count; i++) {
        const struct each_site *site = &sites->site[i];
        if (!each_site_reached(site)) {
            printf("  never reached: %s, %s\n", nds_failing_word(site->what), shown(site->place));
        }
    }
}

void each_sites_json(struct each_sites *sites)
{
    for (uint32_t i = 0; i < sites->count; i++) {
        const struct each_site *site = &sites->site[i];
        struct json json = json_begin(stdout);
        json_text(&json, "call", nds_failing_word(site->what));
        json_text(&json, "place", site->place);
        json_number(&json, "returns_to", site->returns_to);
        json_bool(&json, "reached", each_site_reached(site));
        json_number(&json, "failed", site->failed);
        json_number(&json, "survived", site->survived);
        json_object(&json, "broke");
        for (uint32_t k = 0; k < EACH_RULES && site->broke[k].name[0]; k++) {
            json_number(&json, site->broke[k].name, site->broke[k].times);
        }
        json_end(&json);
    }
}

static void page_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc(*text, out);
            break;
        }
    }
}

static void page_row(FILE *out, const struct each_site *site)
{
    char rules[200];
    bool reached = each_site_reached(site);
    rules_of(site, rules, sizeof(rules));
    fprintf(out, "<tr class=\"%s\"><td>%s<td>",
            broke_of(site) ? "broke"
            : reached      ? ""
                           : "never",
            nds_failing_word(site->what));
    page_escaped(out, site->place);
    fprintf(out, "<td>%llu<td>%llu<td>%llu<td>", (unsigned long long)site->failed,
            (unsigned long long)site->survived, (unsigned long long)broke_of(site));
    page_escaped(out, reached ? rules : "never reached");
    fputs("</tr>\n", out);
}

void each_sites_html(FILE *out, struct each_sites *sites, const char *about)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
          "<title>Calls that may fail</title>\n<style>\n"
          "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}"
          "td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ccc}"
          "tr.broke{background:#fbb}tr.never{background:#eee}\n</style>\n"
          "<h1>Calls that may fail</h1>\n<p>",
          out);
    page_escaped(out, about);
    fprintf(out, "<p>%u calls, %u never reached by a program.\n<table>\n", sites->count,
            each_sites_never(sites));
    fputs("<tr><th>call<th>called from<th>failed<th>survived<th>broke<th>rules</tr>\n", out);
    for (uint32_t i = 0; i < sites->count; i++) {
        page_row(out, &sites->site[i]);
    }
    fputs("</table>\n</html>\n", out);
}

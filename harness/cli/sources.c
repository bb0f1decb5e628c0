/* SPDX-License-Identifier: MIT
 *
 * The sources of a rule in full: pages, sections of RFCs, and the rig's readings.
 */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"

#define DDI "https://learn.microsoft.com/windows-hardware/drivers/ddi/"
#define PROJECT_OF_GUIDE "https://github.com/MicrosoftDocs/windows-driver-docs"

enum page_kind { REFERENCE, GUIDE, ARCHIVE, PROGRAM };

static const struct page {
    const char *key;
    enum page_kind kind;
    const char *name;
} pages[] = {
#define PAGE(key, kind, name) {key, kind, name},
#define READING(key, question, reading)
#include "cli/sources.def"
#undef PAGE
#undef READING
};

static const struct cli_reading readings[] = {
#define PAGE(key, kind, name)
#define READING(key, question, reading) {key, question, reading},
#include "cli/sources.def"
#undef PAGE
#undef READING
};

const struct cli_reading *source_reading(const char *key)
{
    for (unsigned i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        if (!strcmp(readings[i].key, key)) {
            return &readings[i];
        }
    }
    return NULL;
}

const struct cli_reading *sources_all_readings(uint32_t *count)
{
    *count = sizeof(readings) / sizeof(readings[0]);
    return readings;
}

static void give_page(const struct page *page, source_visitor visit, void *context)
{
    char text[256], uri[256] = "";
    switch (page->kind) {
    case REFERENCE:
        snprintf(text, sizeof(text), "Windows driver reference, page %s",
                 strchr(page->name, '/') + 1);
        snprintf(uri, sizeof(uri), DDI "%s", page->name);
        break;
    case GUIDE: /* taken down in 2019: only the history of the repository still has it */
        snprintf(text, sizeof(text), "network driver guide (removed in January 2019), page %s",
                 page->name);
        snprintf(uri, sizeof(uri), PROJECT_OF_GUIDE);
        break;
    case ARCHIVE:
        snprintf(text, sizeof(text), "archived MSDN page %s", page->name);
        break;
    case PROGRAM:
        snprintf(text, sizeof(text), "Windows Hardware Compatibility Program, %s%s",
                 strchr(page->name, '.') ? "" : "Device.Network.LAN.TCPChimney, ", page->name);
        break;
    }
    visit(context, text, uri);
}

static void give_rfc(const char *number, const char *section, source_visitor visit, void *context)
{
    char text[64], uri[96];
    snprintf(text, sizeof(text), "RFC %s%s%s", number, section ? " section " : "",
             section ? section : "");
    snprintf(uri, sizeof(uri), "https://www.rfc-editor.org/rfc/rfc%s%s%s", number,
             section ? "#section-" : "", section ? section : "");
    visit(context, text, uri);
}

/* "r9293 sec. 3.4  sec. 3.8.1" is one RFC with two sections; at stands behind the r. */
static char *rfc(char *at, char **rest, source_visitor visit, void *context)
{
    const char *number = at;
    bool section = false;
    char *word = strtok_r(NULL, " ", rest);
    while (word && !strcmp(word, "sec.")) {
        const char *name = strtok_r(NULL, " ", rest);
        give_rfc(number, name, visit, context);
        section = true;
        word = strtok_r(NULL, " ", rest);
    }
    if (!section) {
        give_rfc(number, NULL, visit, context);
    }
    return word;
}

static const struct page *page_of(const char *key)
{
    for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (!strcmp(pages[i].key, key)) {
            return &pages[i];
        }
    }
    return NULL;
}

void sources_visit(const char *source, source_visitor visit, void *context)
{
    char copy[256], plain[256], *rest;
    snprintf(copy, sizeof(copy), "%s", source);
    snprintf(plain, sizeof(plain), "%s", source);
    for (char *at = copy; *at; at++) {
        *at = *at == '(' || *at == ')' ? ' ' : *at;
    }
    for (char *word = strtok_r(copy, " ", &rest); word;) {
        const struct page *page = page_of(word);
        if (word[0] == 'r' && isdigit((unsigned char)word[1])) {
            word = rfc(word + 1, &rest, visit, context);
            continue;
        }
        if (page) {
            give_page(page, visit, context);
        } else if (!strcmp(word, "consequence")) {
            visit(context, "(follows from the page before)", "");
        } else if (!source_reading(word)) {
            visit(context, plain, ""); /* a name of its own, not a list of keys */
            return;
        }
        word = strtok_r(NULL, " ", &rest);
    }
}

uint32_t sources_readings(const char *source, const struct cli_reading **out, uint32_t room)
{
    char copy[256], *rest;
    uint32_t count = 0;
    snprintf(copy, sizeof(copy), "%s", source);
    for (char *word = strtok_r(copy, " ", &rest); word && count < room;
         word = strtok_r(NULL, " ", &rest)) {
        out[count] = source_reading(word);
        count += out[count] != NULL;
    }
    return count;
}

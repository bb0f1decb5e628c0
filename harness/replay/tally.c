/* SPDX-License-Identifier: MIT */
#include "replay/tally.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"

#define ROWS_MAX 4096u /* of other reasons a person reads none */

/* Numbers become N, also hexadecimal ones and those with a fraction. */
static void without_numbers(const char *text, char *out, size_t room)
{
    size_t used = 0;
    while (*text && used + 1 < room) {
        if (!isdigit((unsigned char)*text)) {
            out[used++] = *text++;
            continue;
        }
        bool hexadecimal = text[0] == '0' && text[1] == 'x';
        text += hexadecimal ? 2 : 0;
        while (hexadecimal ? isxdigit((unsigned char)*text) : isdigit((unsigned char)*text)) {
            text++;
        }
        while (!hexadecimal && text[0] == '.' && isdigit((unsigned char)text[1])) {
            text += 1 + strspn(text + 1, "0123456789");
        }
        out[used++] = 'N';
    }
    out[used] = '\0';
}

static void tally_count(struct tally *tally, const char *verdict, const char *what, bool rule)
{
    for (uint32_t i = 0; i < tally->rows; i++) {
        struct tally_row *row = &tally->row[i];
        if (row->rule == rule && !strcmp(row->what, what) && !strcmp(row->verdict, verdict)) {
            row->times++;
            return;
        }
    }
    if (tally->rows == tally->room) {
        uint32_t room = tally->room ? 2 * tally->room : 16;
        struct tally_row *grown =
            room <= ROWS_MAX ? realloc(tally->row, room * sizeof(*grown)) : NULL;
        if (!grown) {
            tally->left_out++;
            return;
        }
        tally->row = grown;
        tally->room = room;
    }
    struct tally_row *row = &tally->row[tally->rows++];
    *row = (struct tally_row){.rule = rule, .times = 1};
    snprintf(row->verdict, sizeof(row->verdict), "%s", verdict);
    snprintf(row->what, sizeof(row->what), "%s", what);
}

void tally_add(struct tally *tally, const char *verdict, const char *rule, const char *reason)
{
    char bare[REPLAY_REASON_MAX];
    if (rule[0]) {
        tally_count(tally, verdict, rule, true);
    } else if (reason[0]) {
        without_numbers(reason, bare, sizeof(bare));
        tally_count(tally, verdict, bare, false);
    }
}

void tally_fini(struct tally *tally)
{
    free(tally->row);
    *tally = (struct tally){0};
}

static int by_times(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    int verdict = strcmp(x->verdict, y->verdict);
    return x->rule != y->rule     ? (x->rule ? -1 : 1)
           : x->times != y->times ? (x->times > y->times ? -1 : 1)
           : verdict              ? verdict
                                  : strcmp(x->what, y->what);
}

static void sort(struct tally *tally)
{
    if (tally->rows) {
        qsort(tally->row, tally->rows, sizeof(tally->row[0]), by_times);
    }
}

void tally_text(struct tally *tally, FILE *out)
{
    sort(tally);
    for (uint32_t i = 0; i < tally->rows; i++) {
        const struct tally_row *row = &tally->row[i];
        if (i == 0 || row->rule != row[-1].rule) {
            fprintf(out, "by %s:\n", row->rule ? "rule" : "reason");
        }
        fprintf(out, "  %6u  %s%s%s\n", row->times, row->verdict, row->rule ? " " : ": ",
                shown(row->what));
    }
    if (tally->left_out) {
        fprintf(out, "  %6u  of other reasons\n", tally->left_out);
    }
}

static void rows_json(const struct tally *tally, struct json *json, const char *list, bool rule)
{
    json_list(json, list);
    for (uint32_t i = 0; i < tally->rows; i++) {
        const struct tally_row *row = &tally->row[i];
        if (row->rule == rule) {
            json_object(json, NULL);
            json_text(json, "verdict", row->verdict);
            json_text(json, rule ? "rule" : "reason", row->what);
            json_number(json, "times", row->times);
            json_close(json);
        }
    }
    json_close(json);
}

void tally_json(struct tally *tally, struct json *json)
{
    sort(tally);
    rows_json(tally, json, "rules", true);
    rows_json(tally, json, "reasons", false);
}

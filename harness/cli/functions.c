/* SPDX-License-Identifier: MIT
 *
 * What a driver may call: the functions of the headers that this program has (functions.py).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "cli/cli.h"

static const struct function {
    const char *name, *header, *level, *how, *purpose;
} functions[] = {
#define FUNCTION(name, header, level, how, purpose) {name, header, level, how, purpose},
#include "cli_functions.h"
#undef FUNCTION
};
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* The headers also name what a host calls, which is no driver's business. */
static bool supported(const struct function *f)
{
    return strcmp(f->how, "call") != 0 || dlsym(RTLD_DEFAULT, f->name) != NULL;
}

static void functions_text(void)
{
    const char *header = "";
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        const struct function *f = &functions[i];
        if (!supported(f)) {
            continue;
        }
        if (strcmp(header, f->header) != 0) {
            header = f->header;
            printf("%s\n", header);
        }
        printf("  %-37s %-8s %s%s\n", f->name, f->level, f->purpose,
               strcmp(f->how, "table") ? "" : " (from NdisMGetOffloadHandlers)");
    }
}

static void functions_json(void)
{
    struct json json = json_begin(stdout);
    json_list(&json, "functions");
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        const struct function *f = &functions[i];
        if (supported(f)) {
            json_object(&json, NULL);
            json_text(&json, "name", f->name);
            json_text(&json, "header", f->header);
            json_text(&json, "level", f->level);
            json_text(&json, "how", f->how);
            json_text(&json, "purpose", f->purpose);
            json_close(&json);
        }
    }
    json_end(&json);
}

void functions_list(bool json)
{
    if (json) {
        functions_json();
    } else {
        functions_text();
    }
}

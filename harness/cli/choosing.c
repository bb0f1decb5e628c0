/* SPDX-License-Identifier: MIT */
#include "cli/choosing.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/quoted.h"
#include "base/shown.h"

unsigned choosing_options(struct choosing *choosing, struct cli_option *options, unsigned count)
{
    const struct cli_option own[] = {
        {"--local", "END", "end that the target takes: an address, client or server (both in turn)",
         NULL, &choosing->local},
        {"--checksums", "HOW", "auto (repair those of offloading senders), keep or fix", NULL,
         &choosing->checksums},
        {"--filter", "EXPR", "only packets that an expression of pcap-filter(7) takes", NULL,
         &choosing->filter},
        {"--stream", "LIST", "only these conversations (tshark's tcp.stream), as in 1,4,7-12", NULL,
         &choosing->streams},
    };
    memcpy(options + count, own, sizeof(own));
    return count + sizeof(own) / sizeof(own[0]);
}

static bool checksums_of(const char *text, const char *command, enum flow_checksums *out)
{
    if (!text || !strcmp(text, "auto")) {
        *out = CHECKSUMS_AUTO;
    } else if (!strcmp(text, "keep")) {
        *out = CHECKSUMS_KEEP;
    } else if (!strcmp(text, "fix")) {
        *out = CHECKSUMS_FIX;
    } else {
        fprintf(stderr, "%s: --checksums '%s': expected auto, keep or fix\n", command, shown(text));
        return false;
    }
    return true;
}

static bool is_end(const char *text, const char *command)
{
    uint8_t address[16];
    if (!text || !strcmp(text, "client") || !strcmp(text, "server") ||
        inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1) {
        return true;
    }
    fprintf(stderr, "%s: --local '%s': expected an address, client or server\n", command,
            shown(text));
    return false;
}

bool choosing_read(const struct choosing *choosing, const char *command, struct replay_options *out)
{
    char error[1024];
    out->local = choosing->local;
    if (!checksums_of(choosing->checksums, command, &out->checksums) ||
        !is_end(choosing->local, command)) {
        return false;
    }
    if (choosing->streams &&
        !ranges_parse(choosing->streams, &out->streams, error, sizeof(error))) {
        fprintf(stderr, "%s: --stream %s\n", command, shown(error));
        return false;
    }
    out->filter = choosing->filter ? filter_new(choosing->filter, error, sizeof(error)) : NULL;
    if (choosing->filter && !out->filter) {
        fprintf(stderr, "%s: --filter %s\n", command, shown(error));
        return false;
    }
    return true;
}

void choosing_command(const struct choosing *choosing, char *out, size_t size)
{
    const struct {
        const char *name, *value;
    } with[] = {{"--checksums", choosing->checksums}, {"--filter", choosing->filter}};
    for (unsigned i = 0; i < 2; i++) {
        size_t used = strlen(out);
        char value[2048];
        if (with[i].value) {
            shell_quoted(with[i].value, value, sizeof(value));
            snprintf(out + used, size - used, " %s %s", with[i].name, value);
        }
    }
}

/* SPDX-License-Identifier: MIT
 *
 * The readers of captures, from the file to conversations with their streams.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static int file = -1;
    char path[40], error[640];
    struct flow_file flows;
    file = file < 0 ? memfd_create("capture", 0) : file;
    if (file < 0 || ftruncate(file, 0) || pwrite(file, bytes, length, 0) != (ssize_t)length) {
        return 0;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    if (flow_file_read(path, &(struct flow_reading){0}, &flows, error, sizeof(error))) {
        for (uint32_t i = 0; i < flows.flows; i++) {
            for (int side = 0; side < 2; side++) {
                if (flows.flow[i].data[side].pieces > (1u << 10) + length) {
                    abort(); /* a stream that the file cannot hold */
                }
            }
        }
        flow_file_fini(&flows);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The reader of drivers' files.
 */
#include <stdlib.h>
#include <string.h>

#include "world/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void within(void *context, uint64_t address, uint64_t count)
{
    (void)context;
    if (address + count < address) {
        abort();
    }
}

static void named(void *context, const char *name)
{
    *(size_t *)context += strlen(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t letters = 0;
    elf_undefined(bytes, length, named, &letters);
    elf_other_note(bytes, length, "Chimneysweep", 1);
    elf_machine(bytes, length);
    static const char *const names[] = {"libasan.so", "libtsan.so"};
    if (elf_is_whole(bytes, length)) {
        elf_writable(bytes, length, within, NULL);
    }
    char name[16];
    uint64_t address = length > 8 ? bytes[length - 1] * 256u + bytes[length - 2] : 0;
    if (elf_function(bytes, length, address, name, sizeof(name)) > address) {
        abort();
    }
    elf_needs(bytes, length, names, 2);
    return 0;
}

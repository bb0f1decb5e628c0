/* SPDX-License-Identifier: MIT */
#include "world/linked.h"

/* The linker makes these of the names of sections (driver_room.h). */
extern const uint8_t __start_driver_code[] __attribute__((weak));
extern const uint8_t __stop_driver_code[] __attribute__((weak));
extern uint8_t __start_driver_data[] __attribute__((weak));
extern uint8_t __stop_driver_data[] __attribute__((weak));
extern uint8_t __start_driver_bss[] __attribute__((weak));
extern uint8_t __stop_driver_bss[] __attribute__((weak));

bool linked_code(const uint8_t **begin, const uint8_t **end)
{
    *begin = __start_driver_code;
    *end = __stop_driver_code;
    return *begin != *end;
}

void linked_writable(void (*visit)(void *base, uint64_t offset, uint64_t bytes))
{
    visit(__start_driver_data, 0, (uint64_t)(__stop_driver_data - __start_driver_data));
    visit(__start_driver_bss, 0, (uint64_t)(__stop_driver_bss - __start_driver_bss));
}

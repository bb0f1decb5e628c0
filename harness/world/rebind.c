/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/rebind.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the loader knows of the object; its addresses are those in memory. */
struct object {
    uintptr_t base;
    const Elf64_Sym *symbol;
    const Elf64_Rela *rela[2]; /* of data, of calls */
    size_t bytes[2];
};

static uintptr_t address_of(const struct object *object, uintptr_t value)
{
    return value < object->base ? object->base + value : value;
}

static struct object loaded_object(const struct link_map *map)
{
    struct object object = {.base = map->l_addr};
    for (const Elf64_Dyn *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        const void *at = (const void *)address_of(&object, entry->d_un.d_ptr);
        switch (entry->d_tag) {
        case DT_SYMTAB:
            object.symbol = at;
            break;
        case DT_RELA:
            object.rela[0] = at;
            break;
        case DT_RELASZ:
            object.bytes[0] = entry->d_un.d_val;
            break;
        case DT_JMPREL:
            object.rela[1] = at;
            break;
        case DT_PLTRELSZ:
            object.bytes[1] = entry->d_un.d_val;
            break;
        default:
            break;
        }
    }
    return object;
}

/* Most of these words lie where the loader took the right to write away. */
static void put(uintptr_t *at, uintptr_t value)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)at & ~(page - 1);
    if (*at != value && mprotect((void *)first, page, PROT_READ | PROT_WRITE) == 0) {
        *at = value;
    }
}

static void rebind(const struct object *object, const Elf64_Rela *rela)
{
    const Elf64_Sym *symbol = &object->symbol[ELF64_R_SYM(rela->r_info)];
    uint32_t type = ELF64_ST_TYPE(symbol->st_info), how = ELF64_R_TYPE(rela->r_info);
    bool own = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
               (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE);
    bool word = how == R_X86_64_JUMP_SLOT || how == R_X86_64_GLOB_DAT || how == R_X86_64_64;
    if (own && word && ELF64_R_SYM(rela->r_info)) {
        uintptr_t value = object->base + symbol->st_value;
        put((uintptr_t *)(object->base + rela->r_offset),
            how == R_X86_64_64 ? value + (uintptr_t)rela->r_addend : value);
    }
}

void rebind_own(const struct link_map *map)
{
    struct object object = loaded_object(map);
    for (unsigned k = 0; object.symbol && k < 2; k++) {
        for (size_t i = 0; object.rela[k] && i < object.bytes[k] / sizeof(Elf64_Rela); i++) {
            rebind(&object, &object.rela[k][i]);
        }
    }
}

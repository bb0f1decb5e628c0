/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* The files are mapped, but tables in them lie where their writer put them: copied, not cast. */
static bool elf_read(const uint8_t *file, size_t size, uint64_t at, void *out, size_t bytes)
{
    if (at > size || bytes > size - at) {
        return false;
    }
    memcpy(out, file + at, bytes);
    return true;
}

static bool elf_head(const uint8_t *file, size_t size, Elf64_Ehdr *head)
{
    return elf_read(file, size, 0, head, sizeof(*head)) &&
           !memcmp(head->e_ident, ELFMAG, SELFMAG) && head->e_ident[EI_CLASS] == ELFCLASS64;
}

static bool segment_at(const uint8_t *file, size_t size, const Elf64_Ehdr *head, uint32_t i,
                       Elf64_Phdr *part)
{
    uint64_t at = (uint64_t)i * sizeof(*part);
    return head->e_phentsize == sizeof(*part) && head->e_phoff <= size &&
           elf_read(file, size, head->e_phoff + at, part, sizeof(*part));
}

bool elf_is_whole(const uint8_t *file, size_t size)
{
    Elf64_Ehdr head;
    if (!elf_head(file, size, &head) || head.e_phentsize != sizeof(Elf64_Phdr)) {
        return size >= sizeof(head) || size < SELFMAG || memcmp(file, ELFMAG, SELFMAG) != 0;
    }
    for (uint32_t i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr part;
        if (!segment_at(file, size, &head, i, &part) ||
            (part.p_type == PT_LOAD &&
             (part.p_offset > size || part.p_filesz > size - part.p_offset))) {
            return false;
        }
    }
    return true;
}

/* Inside what the loader maps for writing? */
static bool is_mapped(const uint8_t *file, size_t size, const Elf64_Ehdr *head,
                      const Elf64_Shdr *section)
{
    for (uint32_t i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr part;
        if (segment_at(file, size, head, i, &part) && part.p_type == PT_LOAD &&
            (part.p_flags & PF_W) && section->sh_addr >= part.p_vaddr &&
            section->sh_addr - part.p_vaddr <= part.p_memsz &&
            section->sh_size <= part.p_memsz - (section->sh_addr - part.p_vaddr)) {
            return true;
        }
    }
    return false;
}

static bool is_data(const uint8_t *file, size_t size, const Elf64_Shdr *names, uint32_t name)
{
    char text[8] = "";
    uint64_t at = names->sh_offset + name;
    uint64_t left = at >= names->sh_offset && at < size ? size - at : 0;
    elf_read(file, size, at, text, left < sizeof(text) ? left : sizeof(text));
    text[sizeof(text) - 1] = '\0';
    return !strcmp(text, ".data") || !strcmp(text, ".bss");
}

bool elf_writable(const uint8_t *file, size_t size,
                  void (*visit)(void *context, uint64_t address, uint64_t bytes), void *context)
{
    Elf64_Ehdr head;
    Elf64_Shdr names;
    if (!elf_head(file, size, &head) || head.e_shentsize != sizeof(Elf64_Shdr) ||
        head.e_shoff > size || head.e_shstrndx >= head.e_shnum ||
        !elf_read(file, size, head.e_shoff + head.e_shstrndx * sizeof(names), &names,
                  sizeof(names))) {
        return false;
    }
    for (uint32_t i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr section;
        if (!elf_read(file, size, head.e_shoff + i * sizeof(section), &section, sizeof(section))) {
            return false;
        }
        if ((section.sh_flags & SHF_WRITE) && is_data(file, size, &names, section.sh_name)) {
            if (section.sh_size && !is_mapped(file, size, &head, &section)) {
                return false;
            }
            visit(context, section.sh_addr, section.sh_size);
        }
    }
    return true;
}

const char *elf_needs(const uint8_t *file, size_t size, const char *const *names, unsigned count)
{
    const char *found = NULL;
    for (unsigned i = 0; i < count; i++) {
        char name[64] = ""; /* with the zero byte before it: a whole string begins there */
        size_t length = 1 + (size_t)snprintf(name + 1, sizeof(name) - 1, "%s", names[i]);
        if (memmem(file, size, name, length)) {
            found = names[i];
        }
    }
    return found;
}

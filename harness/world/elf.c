/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/elf.h"

#include <elf.h>
#include <stddef.h>
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

static bool section_at(const uint8_t *file, size_t size, const Elf64_Ehdr *head, uint32_t i,
                       Elf64_Shdr *section)
{
    return head->e_shentsize == sizeof(*section) && head->e_shoff <= size && i < head->e_shnum &&
           elf_read(file, size, head->e_shoff + (uint64_t)i * sizeof(*section), section,
                    sizeof(*section));
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
    if (!elf_head(file, size, &head) || !section_at(file, size, &head, head.e_shstrndx, &names)) {
        return false;
    }
    for (uint32_t i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr section;
        if (!section_at(file, size, &head, i, &section)) {
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

/* In one table of symbols; names is the section of their strings. */
static uint64_t function_among(const uint8_t *file, size_t size, const Elf64_Shdr *table,
                               const Elf64_Shdr *names, uint64_t address, char *name, size_t room)
{
    Elf64_Sym symbol;
    for (uint64_t at = 0; table->sh_size - at >= sizeof(symbol); at += sizeof(symbol)) {
        if (table->sh_offset > size ||
            !elf_read(file, size, table->sh_offset + at, &symbol, sizeof(symbol))) {
            return 0;
        }
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || address < symbol.st_value ||
            address - symbol.st_value >= symbol.st_size) {
            continue;
        }
        uint64_t text = names->sh_offset + symbol.st_name;
        if (names->sh_offset <= size && text < size) {
            size_t left = size - text;
            snprintf(name, room, "%.*s", (int)(left < room ? left : room - 1), file + text);
        }
        return symbol.st_value;
    }
    return 0;
}

/* The first of them; the number of sections when there is none. */
static uint32_t section_of_type(const uint8_t *file, size_t size, const Elf64_Ehdr *head,
                                uint32_t type, Elf64_Shdr *section)
{
    uint32_t i = 0;
    while (i < head->e_shnum && !(elf_read(file, size, head->e_shoff + i * sizeof(*section),
                                           section, sizeof(*section)) &&
                                  section->sh_type == type)) {
        i++;
    }
    return i;
}

uint64_t elf_function(const uint8_t *file, size_t size, uint64_t address, char *name, size_t room)
{
    static const uint32_t tables[] = {SHT_SYMTAB,
                                      SHT_DYNSYM}; /* the first has the static ones too */
    Elf64_Ehdr head;
    Elf64_Shdr table, names;
    uint64_t first = 0;
    name[0] = '\0';
    if (!elf_head(file, size, &head) || head.e_shoff > size) {
        return 0;
    }
    for (unsigned k = 0; k < 2 && !name[0]; k++) {
        uint32_t i = section_of_type(file, size, &head, tables[k], &table);
        if (i < head.e_shnum && table.sh_link < head.e_shnum &&
            elf_read(file, size, head.e_shoff + table.sh_link * sizeof(names), &names,
                     sizeof(names))) {
            first = function_among(file, size, &table, &names, address, name, room);
        }
    }
    return first;
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

uint32_t elf_machine(const uint8_t *file, size_t size)
{
    uint8_t ident[EI_NIDENT];
    uint16_t machine;
    bool head = elf_read(file, size, 0, ident, sizeof(ident)) && !memcmp(ident, ELFMAG, SELFMAG) &&
                elf_read(file, size, offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
    return head ? machine : EM_NONE;
}

/* A name in a table of strings, or NULL when it does not end there. */
static const char *name_at(const uint8_t *file, size_t size, const Elf64_Shdr *names, uint32_t name)
{
    uint64_t at = names->sh_offset + name;
    bool within = names->sh_offset <= size && name < names->sh_size && at < size;
    return within && memchr(file + at, '\0', size - at) ? (const char *)file + at : NULL;
}

/* Does the object say of which library, by its version, the symbol is? */
static bool of_library(const uint8_t *file, size_t size, const Elf64_Ehdr *head, uint64_t symbol)
{
    Elf64_Shdr versions;
    uint16_t version = VER_NDX_LOCAL;
    for (uint32_t i = 0; section_at(file, size, head, i, &versions); i++) {
        if (versions.sh_type == SHT_GNU_versym && versions.sh_offset <= size) {
            elf_read(file, size, versions.sh_offset + symbol * sizeof(version), &version,
                     sizeof(version));
        }
    }
    return (version & 0x7FFF) > VER_NDX_GLOBAL;
}

static bool symbol_at(const uint8_t *file, size_t size, const Elf64_Shdr *symbols, uint64_t i,
                      Elf64_Sym *symbol)
{
    return symbols->sh_offset <= size && i < symbols->sh_size / sizeof(*symbol) &&
           elf_read(file, size, symbols->sh_offset + i * sizeof(*symbol), symbol, sizeof(*symbol));
}

void elf_undefined(const uint8_t *file, size_t size, void (*visit)(void *context, const char *name),
                   void *context)
{
    Elf64_Ehdr head;
    Elf64_Shdr symbols, names;
    if (!elf_head(file, size, &head)) {
        return;
    }
    for (uint32_t i = 0; section_at(file, size, &head, i, &symbols); i++) {
        Elf64_Sym symbol;
        if (symbols.sh_type != SHT_DYNSYM ||
            !section_at(file, size, &head, symbols.sh_link, &names)) {
            continue;
        }
        for (uint64_t k = 1; symbol_at(file, size, &symbols, k, &symbol); k++) {
            const char *name = name_at(file, size, &names, symbol.st_name);
            if (symbol.st_shndx == SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL &&
                name && !of_library(file, size, &head, k)) {
                visit(context, name);
            }
        }
    }
}

uint32_t elf_other_note(const uint8_t *file, size_t size, const char *owner, uint32_t value)
{
    struct {
        uint32_t owner_bytes, bytes, type;
        char owner[16];
    } note = {(uint32_t)strlen(owner) + 1, sizeof(value), 1, ""};
    snprintf(note.owner, sizeof(note.owner), "%s", owner);
    size_t known = offsetof(typeof(note), owner) + ((note.owner_bytes + 3) & ~3u);
    for (const uint8_t *at = file; (at = memmem(at, size - (size_t)(at - file), &note, known));) {
        uint32_t found = value;
        elf_read(file, size, (size_t)(at - file) + known, &found, sizeof(found));
        if (found != value) {
            return found;
        }
        at += known;
    }
    return value;
}

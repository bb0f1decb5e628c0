/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/driver.h"

#include "base/shown.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/copy.h"
#include "base/pages.h"
#include "world/world.h"

#define SECTIONS_MAX 8

static struct {
    void *library;
    nds_driver_entry entry;
    bool loading;
    char path[4096]; /* "" = none was named */
    struct {
        uint8_t *live, *saved;
        size_t bytes;
    } section[SECTIONS_MAX];
    uint32_t sections;
} driver;

static char message[512];

static bool fail(const char **error, const char *path, const char *what)
{
    snprintf(message, sizeof(message), "%s: %s", shown(path), shown(what));
    *error = message;
    return false;
}

/* Remembers one writable section. */
static void driver_keep(uint8_t *live, size_t bytes)
{
    if (!bytes || driver.sections == SECTIONS_MAX) {
        return;
    }
    uint8_t *saved = malloc(bytes);
    if (saved) {
        copy_raw(saved, live, bytes);
        driver.section[driver.sections].live = live;
        driver.section[driver.sections].saved = saved;
        driver.section[driver.sections++].bytes = bytes;
    }
}

/* Finds .data and .bss by the section headers of the file, which must lie inside it. */
static bool find_sections(const uint8_t *file, size_t size, uint8_t *base)
{
    const Elf64_Ehdr *head = (const void *)file;
    if (size < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
        head->e_shentsize != sizeof(Elf64_Shdr) || head->e_shoff > size ||
        (size - head->e_shoff) / sizeof(Elf64_Shdr) < head->e_shnum ||
        head->e_shstrndx >= head->e_shnum) {
        return false;
    }
    const Elf64_Shdr *section = (const void *)(file + head->e_shoff);
    const Elf64_Shdr *names = &section[head->e_shstrndx];
    for (uint32_t i = 0; i < head->e_shnum; i++) {
        uint64_t name = names->sh_offset + section[i].sh_name;
        if (name >= size || !memchr(file + name, 0, size - name)) {
            return false;
        }
        const char *text = (const char *)file + name;
        if ((section[i].sh_flags & SHF_WRITE) &&
            (!strcmp(text, ".data") || !strcmp(text, ".bss"))) {
            driver_keep(base + section[i].sh_addr, section[i].sh_size);
        }
    }
    return true;
}

static bool save_data(const char *path, const char **error)
{
    struct link_map *map;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (file < 0 || fstat(file, &about) || dlinfo(driver.library, RTLD_DI_LINKMAP, &map)) {
        if (file >= 0) {
            close(file);
        }
        return fail(error, path, "cannot be read again after loading");
    }
    size_t size = (size_t)about.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    bool found = bytes != MAP_FAILED && find_sections(bytes, size, (uint8_t *)map->l_addr);
    if (bytes != MAP_FAILED) {
        munmap(bytes, size);
    }
    return found || fail(error, path,
                         "has no readable section headers (expected an unstripped ELF "
                         "shared object)");
}

/* Tells where the driver's code lies. */
static int find_code(struct dl_phdr_info *info, size_t size, void *library)
{
    struct link_map *map;
    (void)size;
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) || info->dlpi_addr != map->l_addr) {
        return 0;
    }
    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            const uint8_t *begin = (const uint8_t *)info->dlpi_addr + part->p_vaddr;
            pages_driver_code((const void *)info->dlpi_addr, begin, begin + part->p_memsz);
        }
    }
    return 1;
}

/* Are all bytes there that the loader would map? It does not look itself, and dies in them. */
static bool is_whole(const char *path, uint64_t size)
{
    Elf64_Ehdr head;
    FILE *file = fopen(path, "rb");
    bool elf = file && fread(&head, sizeof(head), 1, file) == 1 &&
               !memcmp(head.e_ident, ELFMAG, SELFMAG) && head.e_phentsize == sizeof(Elf64_Phdr);
    bool whole = !elf || fseek(file, (long)head.e_phoff, SEEK_SET) == 0;
    for (uint32_t i = 0; elf && whole && i < head.e_phnum; i++) {
        Elf64_Phdr part;
        whole = fread(&part, sizeof(part), 1, file) == 1 &&
                (part.p_type != PT_LOAD ||
                 (part.p_offset <= size && part.p_filesz <= size - part.p_offset));
    }
    if (file) {
        fclose(file);
    }
    return whole;
}

/* The build of the rig in which a driver's instrumentation finds its runtime. */
static const char *build_for(const char *text)
{
    static const struct {
        const char *in, *build;
    } known[] = {
        {"libasan.so", "by clang, and without a shared runtime, for build/asan"},
        {"libclang_rt.asan", "without -shared-libasan, for build/asan"},
        {"libtsan.so", "by clang, and without a shared runtime, for build/tsan"},
        {"libclang_rt.tsan", "without a shared runtime, for build/tsan"},
        {"__asan_", "for build/asan: run build/asan/bin/chimneysweep"},
        {"__ubsan_", "for build/asan: run build/asan/bin/chimneysweep"},
        {"__tsan_", "for build/tsan: run build/tsan/bin/chimneysweep"},
        {"__msan_", "without MemorySanitizer: no build of the rig has its runtime"},
    };
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strstr(text, known[i].in)) {
            return known[i].build;
        }
    }
    return NULL;
}

/* A library of this name in the file's list of those that it needs; loading one runs its code, and
 * that of a sanitizer ends a process in which it does not come first. */
static const char *runtime_needed(const char *path)
{
    static const char *const names[] = {"libasan.so", "libclang_rt.asan", "libtsan.so",
                                        "libclang_rt.tsan"};
    const char *found = NULL;
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = file >= 0 && !fstat(file, &about)
                      ? mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0)
                      : MAP_FAILED;
    for (unsigned i = 0; bytes != MAP_FAILED && i < sizeof(names) / sizeof(names[0]); i++) {
        char name[32] = ""; /* with the zero byte before it: a whole string begins there */
        snprintf(name + 1, sizeof(name) - 1, "%s", names[i]);
        if (memmem(bytes, (size_t)about.st_size, name, 1 + strlen(names[i]))) {
            found = names[i];
        }
    }
    if (bytes != MAP_FAILED) {
        munmap(bytes, (size_t)about.st_size);
    }
    if (file >= 0) {
        close(file);
    }
    return found;
}

static bool wrong_build(const char **error, const char *path, const char *reason)
{
    const char *build = build_for(reason);
    char text[400];
    snprintf(text, sizeof(text), "%.200s%s%s", reason, build ? "; build the driver " : "",
             build ? build : "");
    return fail(error, path, text);
}

bool driver_name(const char *path, const char **error)
{
    struct stat about;
    if (driver.path[0]) {
        return fail(error, path, "a driver is open already");
    }
    if (stat(path, &about)) {
        return fail(error, path,
                    "no such driver (expected a shared object that exports DriverEntry)");
    }
    if (!S_ISREG(about.st_mode)) {
        return fail(error, path, "not a file (expected a shared object that exports DriverEntry)");
    }
    if (!is_whole(path, (uint64_t)about.st_size)) {
        return fail(error, path, "is cut short (expected a whole ELF shared object)");
    }
    char absolute[4096];
    if (!realpath(path, absolute)) {
        return fail(error, path, "path cannot be resolved");
    }
    const char *runtime = runtime_needed(absolute);
    if (runtime) {
        return wrong_build(error, path, runtime);
    }
    snprintf(driver.path, sizeof(driver.path), "%s", absolute);
    return true;
}

bool driver_load(const char **error)
{
    if (driver.library) {
        return true;
    }
    driver.loading = true; /* its constructors run now */
    driver.library = dlopen(driver.path, RTLD_NOW | RTLD_LOCAL);
    driver.loading = false;
    if (!driver.library) {
        return wrong_build(error, "driver cannot be loaded", dlerror());
    }
    dl_iterate_phdr(find_code, driver.library);
    driver.entry = (nds_driver_entry)(uintptr_t)dlsym(driver.library, "DriverEntry");
    if (!driver.entry) {
        dlclose(driver.library);
        driver.library = NULL;
        return fail(error, driver.path, "does not export DriverEntry");
    }
    return save_data(driver.path, error);
}

bool world_driver_loading(void)
{
    return driver.loading;
}

const char *world_driver_path(void)
{
    return driver.path;
}

nds_driver_entry driver_entry(void)
{
    return driver.entry;
}

void driver_restore(void)
{
    for (uint32_t i = 0; i < driver.sections; i++) {
        copy_raw(driver.section[i].live, driver.section[i].saved, driver.section[i].bytes);
    }
}

/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "world/driver.h"

#include "base/shown.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/copy.h"
#include "base/stops.h"
#include "world/elf.h"
#include "world/fit.h"
#include "world/linked.h"
#include "world/rebind.h"
#include "world/world.h"

#define SECTIONS_MAX 8

static struct {
    void *library;
    nds_driver_entry entry;
    bool loading, counts;
    char path[4096];   /* "" = none was named */
    const char *build; /* of the rig, into which one that did not fit would fit; or NULL */
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

/* The file in memory, empty when it cannot be read. */
struct image {
    const uint8_t *bytes;
    size_t size;
};

static struct image image_map(const char *path)
{
    struct image image = {(const uint8_t *)"", 0};
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && !fstat(file, &about) && about.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            image = (struct image){bytes, (size_t)about.st_size};
        }
    }
    if (file >= 0) {
        close(file);
    }
    return image;
}

static bool counts_edges(struct image image)
{
    static const char *const edges[] = {"__sancov_cntrs", "__sancov_guards"};
    return elf_needs(image.bytes, image.size, edges, 2) != NULL;
}

static void image_unmap(struct image image)
{
    if (image.size) {
        munmap((void *)(uintptr_t)image.bytes, image.size);
    }
}

/* Remembers one writable section. */
static void driver_keep(void *base, uint64_t address, uint64_t bytes)
{
    if (!bytes || driver.sections == SECTIONS_MAX) {
        return;
    }
    uint8_t *live = (uint8_t *)base + address, *saved = malloc(bytes);
    if (saved) {
        copy_raw(saved, live, bytes);
        driver.section[driver.sections].live = live;
        driver.section[driver.sections].saved = saved;
        driver.section[driver.sections++].bytes = bytes;
    }
}

static bool save_data(const char *path, const char **error)
{
    struct link_map *map;
    if (dlinfo(driver.library, RTLD_DI_LINKMAP, &map)) {
        return fail(error, path, "cannot be read again after loading");
    }
    struct image image = image_map(path);
    bool found = elf_writable(image.bytes, image.size, driver_keep, (void *)map->l_addr);
    image_unmap(image);
    return found || fail(error, path, "was changed while it was loaded");
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
            stops_driver_code((const void *)info->dlpi_addr, begin, begin + part->p_memsz);
        }
    }
    return 1;
}

/* The loader names one symbol of those that it does not find. */
static bool not_loaded(const char **error)
{
    char names[400], text[480], reason[400];
    snprintf(reason, sizeof(reason), "%s", dlerror()); /* to look for names overwrites it */
    struct image image = image_map(driver.path);
    fit_missing(image.bytes, image.size, names, sizeof(names));
    image_unmap(image);
    snprintf(text, sizeof(text), "cannot be loaded: %s%s",
             names[0] ? "neither NDIS nor the rig has " : "", names[0] ? names : reason);
    return fail(error, driver.path, text);
}

static void pass_over(void *context, uint64_t address, uint64_t bytes)
{
    (void)context, (void)address, (void)bytes;
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
    struct image image = image_map(path);
    bool whole = elf_is_whole(image.bytes, image.size);
    bool sections = elf_writable(image.bytes, image.size, pass_over, NULL);
    struct fit fit = fit_judge(image.bytes, image.size);
    driver.counts = counts_edges(image);
    image_unmap(image);
    driver.build = fit.build;
    if (!whole) {
        return fail(error, path, "is cut short (expected a whole ELF shared object)");
    }
    char absolute[4096];
    if (!realpath(path, absolute)) {
        return fail(error, path, "path cannot be resolved");
    }
    if (fit.problem[0]) {
        return fail(error, path, fit.problem);
    }
    if (!sections) { /* said before any code of it runs */
        return fail(error, path,
                    "has no readable section headers (expected an unstripped ELF shared object)");
    }
    snprintf(driver.path, sizeof(driver.path), "%s", absolute);
    return true;
}

bool world_has_linked_driver(void)
{
    const uint8_t *begin, *end;
    return linked_code(&begin, &end);
}

/* From now on all that is done for one that is loaded: the loader has this program already. */
static bool linked_load(const char **error)
{
    struct link_map *map;
    const uint8_t *begin, *end;
    driver.library = dlopen(NULL, RTLD_NOW);
    driver.entry = (nds_driver_entry)(uintptr_t)dlsym(driver.library, "DriverEntry");
    if (!driver.entry || !linked_code(&begin, &end) ||
        dlinfo(driver.library, RTLD_DI_LINKMAP, &map)) {
        return fail(error, driver.path, "does not export DriverEntry");
    }
    stops_driver_code((const void *)map->l_addr, begin, end);
    linked_writable(driver_keep);
    return true;
}

bool world_open_linked_driver(const char **error)
{
    ssize_t length = readlink("/proc/self/exe", driver.path, sizeof(driver.path) - 1);
    driver.path[length > 0 ? length : 0] = '\0';
    struct image image = image_map(driver.path);
    driver.counts = counts_edges(image);
    image_unmap(image);
    return linked_load(error);
}

void world_forget_driver(void)
{
    if (driver.library) {
        abort(); /* its data are where the next one's could be */
    }
    driver.path[0] = '\0';
    driver.build = NULL;
}

bool driver_load(const char **error)
{
    if (driver.library) {
        return true;
    }
    driver.loading = true; /* its constructors run now */
    driver.library = dlopen(driver.path, RTLD_NOW | RTLD_LOCAL);
    if (!driver.library) {
        driver.loading = false;
        return not_loaded(error);
    }
    struct link_map *map;
    if (!dlinfo(driver.library, RTLD_DI_LINKMAP, &map)) {
        rebind_own(map);
    }
    dl_iterate_phdr(find_code, driver.library);
    driver.entry = (nds_driver_entry)(uintptr_t)dlsym(driver.library, "DriverEntry");
    driver.loading = false;
    if (!driver.entry) {
        dlclose(driver.library);
        driver.library = NULL;
        return fail(error, driver.path, "does not export DriverEntry");
    }
    return save_data(driver.path, error);
}

const char *world_other_build(void)
{
    return driver.build;
}

uint64_t world_function(uint64_t offset, char *name, size_t room)
{
    struct image image = image_map(driver.path);
    uint64_t first = elf_function(image.bytes, image.size, offset, name, room);
    image_unmap(image);
    return first;
}

bool world_driver_loading(void)
{
    return driver.loading;
}

bool world_driver_counts(void)
{
    return driver.counts;
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

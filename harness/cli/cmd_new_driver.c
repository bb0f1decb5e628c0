/* SPDX-License-Identifier: MIT
 *
 * A driver to begin with: the files of harness/drivers/skeleton under the name that is wanted.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/shown.h"
#include "cli/cli.h"

#define TEMPLATES "harness/drivers/skeleton"
#define PLACEHOLDER "skeleton" /* in the files: the driver's name */
#define FILE_MOST 65536u
#define NAME_MOST 64u

static bool new_driver_fail(const char *path, const char *what)
{
    fprintf(stderr, "new-driver: %s: %s\n", shown(path), what);
    return false;
}

/* A name of a target of CMake and of files. */
static bool is_name(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool letter = isalpha((unsigned char)*at) || *at == '_';
        if (!letter && (at == name || (!isdigit((unsigned char)*at) && *at != '-'))) {
            return false;
        }
    }
    return *name && strlen(name) <= NAME_MOST;
}

static bool is_empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        return new_driver_fail(path, strerror(errno));
    }
    bool empty = true;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        empty = empty && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."));
    }
    closedir(folder);
    return empty || new_driver_fail(path, "is not empty; nothing was written");
}

static bool make_folder(const char *path)
{
    struct stat about;
    if (!stat(path, &about) && !S_ISDIR(about.st_mode)) {
        return new_driver_fail(path, "is a file; expected a folder to make");
    }
    if (mkdir(path, 0777) && errno != EEXIST) {
        return new_driver_fail(path, strerror(errno));
    }
    return is_empty_folder(path);
}

/* A template with the name in it. */
static bool write_renamed(const char *from, const char *to, const char *name)
{
    size_t length;
    char *text = (char *)cli_read_file(from, FILE_MOST, &length), *out = NULL;
    size_t size = 0;
    FILE *file = text ? open_memstream(&out, &size) : NULL;
    if (file) {
        const char *at = text, *end = text + length;
        for (const char *found;
             (found = memmem(at, (size_t)(end - at), PLACEHOLDER, strlen(PLACEHOLDER))) != NULL;
             at = found + strlen(PLACEHOLDER)) {
            fwrite(at, 1, (size_t)(found - at), file);
            fputs(name, file);
        }
        fwrite(at, 1, (size_t)(end - at), file);
    }
    bool good = file && !fclose(file) && cli_write_file(to, out, size);
    free(out);
    free(text);
    return good;
}

static bool write_all(const char *templates, const char *folder, const char *name)
{
    struct dirent **entry;
    int count = scandir(templates, &entry, NULL, alphasort);
    bool good = count > 0;
    for (int i = 0; i < count; i++) {
        char from[4400], to[4400];
        snprintf(from, sizeof(from), "%s/%s", templates, entry[i]->d_name);
        snprintf(to, sizeof(to), "%s/%s", folder, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.') {
            good = good && write_renamed(from, to, name);
        }
        free(entry[i]);
    }
    free(entry);
    return good;
}

/* The commands that lead to the first verdict, for the place where this program is installed. */
static void say_what_next(const char *folder, const char *name)
{
    char prefix[2048];
    bool installed = cli_prefix(prefix, sizeof(prefix));
    printf("%s: a driver that registers, starts and halts; %s/README.md says what comes next\n\n",
           folder, folder);
    if (!installed) {
        puts("  scripts/install PREFIX      CMake finds only what is installed");
    }
    printf("  cmake -S %s -B %s/build -DCMAKE_C_COMPILER=clang-14 -DCMAKE_PREFIX_PATH=%s\n"
           "  cmake --build %s/build\n"
           "  %s%schimneysweep check-driver %s/build/%s.so\n",
           folder, folder, installed ? prefix : "PREFIX", folder, installed ? prefix : "",
           installed ? "/bin/" : "", folder, name);
}

int cmd_new_driver(int argc, char **argv)
{
    const char *name = NULL;
    const struct cli_option options[] = {
        {"--name", "NAME", "of the driver (default: that of the folder)", NULL, &name},
    };
    static char templates[4096];
    int status;
    int words = cli_parse(argc, argv, options, 1, "new-driver DIR [--name NAME]",
                          "  chimneysweep new-driver mydriver\n"
                          "  chimneysweep new-driver src/net --name acme10g\n",
                          &status);
    if (words < 0) {
        return status;
    }
    if (words != 1) {
        fputs("new-driver: expected one folder to make (new-driver --help)\n", stderr);
        return EXIT_USAGE;
    }
    char *folder = argv[1];
    for (size_t end = strlen(folder); end > 1 && folder[end - 1] == '/'; end--) {
        folder[end - 1] = '\0';
    }
    const char *slash = strrchr(folder, '/');
    name = name ? name : slash ? slash + 1 : folder;
    if (!is_name(name)) {
        fprintf(stderr,
                "new-driver: --name '%s': expected a letter, then also digits, - and _, %u at "
                "most\n",
                shown(name), NAME_MOST);
        return EXIT_USAGE;
    }
    if (!cli_project(TEMPLATES, templates, sizeof(templates))) {
        fputs("new-driver: " TEMPLATES " is neither here nor where this program was installed\n",
              stderr);
        return EXIT_ENVIRONMENT;
    }
    if (!make_folder(folder) || !write_all(templates, folder, name)) {
        return EXIT_USAGE;
    }
    say_what_next(folder, name);
    return EXIT_PASS;
}

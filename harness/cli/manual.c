/* SPDX-License-Identifier: MIT
 *
 * What the commands say of themselves, in three forms: text, a page of the manual, bash's
 * completion. Each command has its options in one table and its words in one place.
 */
#include "cli/cli.h"

static enum { FORM_TEXT, FORM_MAN, FORM_BASH } form;

static void help_text(const struct cli_option *options, unsigned count, const char *usage,
                      const char *examples)
{
    printf("usage: chimneysweep %s\n\n", usage);
    for (unsigned i = 0; i < count; i++) {
        char left[40];
        snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].value ? " " : "",
                 options[i].value ? options[i].value : "");
        printf("  %-22s %s\n", left, options[i].help);
    }
    printf("  %-22s %s\n\nexamples:\n%s", "--help", "this text", examples);
}

/* No character of it is a command to troff. */
static void put_roff(const char *text)
{
    for (bool first = true; *text; first = *text++ == '\n') {
        if (first && (*text == '.' || *text == '\'')) {
            fputs("\\&", stdout);
        }
        if (*text == '-' || *text == '\\') {
            fputs(*text == '-' ? "\\-" : "\\e", stdout);
        } else {
            putchar(*text);
        }
    }
}

static void help_man(const char *command, const struct cli_option *options, unsigned count,
                     const char *usage, const char *examples)
{
    printf(".SS %s\n.nf\n", command);
    put_roff("chimneysweep ");
    put_roff(usage);
    fputs("\n.fi\n", stdout);
    for (unsigned i = 0; i < count; i++) {
        fputs(".TP\n.B ", stdout);
        put_roff(options[i].name);
        if (options[i].value) {
            putchar(' ');
            put_roff(options[i].value);
        }
        putchar('\n');
        put_roff(options[i].help);
        putchar('\n');
    }
    fputs(".PP\n.nf\n", stdout);
    put_roff(examples);
    fputs(".fi\n", stdout);
}

static void help_bash(const char *command, const struct cli_option *options, unsigned count)
{
    printf("    %s) options=\"", command);
    for (unsigned i = 0; i < count; i++) {
        printf("%s ", options[i].name);
    }
    puts("--help\" ;;");
}

void manual_help(const char *command, const struct cli_option *options, unsigned count,
                 const char *usage, const char *examples)
{
    if (form == FORM_TEXT) {
        help_text(options, count, usage, examples);
    } else if (form == FORM_MAN) {
        help_man(command, options, count, usage, examples);
    } else {
        help_bash(command, options, count);
    }
}

/* Every command says what it knows of itself. */
static void manual_ask(const struct cli_command *commands, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[32], help[] = "--help", *words[] = {name, help, NULL};
        snprintf(name, sizeof(name), "%s", commands[i].name);
        (void)commands[i].run(2, words);
    }
}

void manual_page(const struct cli_command *commands, unsigned count)
{
    form = FORM_MAN;
    puts(".TH CHIMNEYSWEEP 1\n.SH NAME\n"
         "chimneysweep \\- finds the bugs in TCP chimney offload targets\n.SH SYNOPSIS\n"
         ".B chimneysweep\n.I COMMAND\n[OPTIONS] [FILES]\n.SH DESCRIPTION");
    for (unsigned i = 0; i < count; i++) {
        fputs(".TP\n.B ", stdout);
        put_roff(commands[i].name);
        putchar('\n');
        put_roff(commands[i].summary);
        putchar('\n');
    }
    puts(".SH COMMANDS");
    manual_ask(commands, count);
    puts(".SH EXIT STATUS\n0 pass, 1 finding, 2 usage or unreadable input, 3 environment or a "
         "fault of the rig, 4 inconclusive.");
}

void manual_completion(const struct cli_command *commands, unsigned count)
{
    form = FORM_BASH;
    fputs("# bash completion of chimneysweep, from its own tables\n_chimneysweep()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n        COMPREPLY=($(compgen -W \"",
          stdout);
    for (unsigned i = 0; i < count; i++) {
        printf("%s ", commands[i].name);
    }
    puts("--help --version\" -- \"$word\"))\n        return\n    fi\n"
         "    case ${COMP_WORDS[1]} in");
    manual_ask(commands, count);
    puts("    esac\n"
         "    if [[ $word == -* ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "    elif [[ ${COMP_WORDS[1]} == explain || ${COMP_WORDS[1]} == rules ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" rules 2>/dev/null | "
         "grep -o '^[A-Z][^ ]*')\" -- \"$word\"))\n"
         "    else\n"
         "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "    fi\n}\n"
         "complete -o filenames -F _chimneysweep chimneysweep");
}

/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "base/cut.h"
#include "base/evidence.h"
#include "base/pages.h"
#include "base/restart.h"
#include "base/stack.h"
#include "base/stops.h"
#include "ndis/given.h"
#include "ndis/nds.h"
#include "program/isolate.h"
#include "world/world.h"

void __asan_set_error_report_callback(void (*callback)(const char *)) __attribute__((weak));
void *__asan_get_report_address(void) __attribute__((weak));
void *__asan_get_report_pc(void) __attribute__((weak));
const char *__asan_get_report_description(void) __attribute__((weak));
extern const char __executable_start[], _end[];

/* What watches is nobody's on the stack that it looks at. */
#pragma clang section text = ""

/* What is leaked matters in the driver, and the run accounts for that itself (LIFE-LEAK-1). */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    restart_if_moved_far(); /* the first thing that a sanitizer asks, before it takes its addresses
                             */
    return "detect_leaks=0:allocator_may_return_null=1";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    restart_if_moved_far();
    return "";
}

static struct trace *shared;

/* From now on it is the rig that writes; was it the rig's memory that the driver reached for? */
static void note_address(struct trace_end *end, const void *address)
{
    end->fault_address = (uint64_t)(uintptr_t)address;
    end->overwrote = evidence_contains(address);
    if (!end->overwrote) {
        end->foreign_memory = nds_describe_memory(address, end->memory, sizeof(end->memory));
    }
}

/* Where in the driver's code it happened; whose fault it is. With a call of the driver open NDIS
 * may have followed a pointer that the driver passed, and no other room of the rig does that. */
static enum code_owner note_stack(struct trace_end *end)
{
    enum code_owner owner = stack_note(end);
    bool asked = end->frames || nds_depth();
    /* What the loader dies of is the driver's file, which it does not look at. */
    end->rig = !world_driver_loading() && (!asked || owner == CODE_OF_ROOM);
    return owner;
}

/* Was it such a pointer? Memory that a driver can have is its own to pass, whatever it is now, and
 * only a driver gives pointers to code. */
static void note_given(struct trace_end *end, enum code_owner owner, const void *address,
                       const void *code)
{
    if (address != code && owner == CODE_OF_NDIS && end->frames && !evidence_contains(address) &&
        !guest_contains(address)) {
        end->rig |= nds_given_sane(end->frame[0], address);
    }
}

/* The driver's stack has an end, wherever in the rig that is met. */
#define STACK_NEAR 65536u
static bool out_of_stack(const siginfo_t *info, const ucontext_t *at)
{
    uint64_t top = (uint64_t)at->uc_mcontext.gregs[REG_RSP];
    return (uint64_t)(uintptr_t)info->si_addr + STACK_NEAR - top < 2 * STACK_NEAR;
}

/* A red zone of globals outside the rig's image: only a driver's own start can have laid it there.
 */
static bool shadow_of_the_driver(const char *address)
{
    return __asan_get_report_description &&
           strcmp(__asan_get_report_description(), "global-buffer-overflow") == 0 &&
           (address < __executable_start || address >= _end);
}

/* Text of a report into the trace, as far as it fits; only its first lines matter. */
static void note_report(const char *text)
{
    evidence_open();
    world_tell();
    struct trace_end *end = &shared->end;
    snprintf(end->report, sizeof(end->report), "%s", text);
    enum code_owner owner = note_stack(end);
    end->reported = true;
    if (__asan_get_report_address) {
        const void *address = __asan_get_report_address();
        note_address(end, address);
        note_given(end, owner, address, __asan_get_report_pc());
        end->rig &= !shadow_of_the_driver(address);
    }
    end->rig &= !strstr(end->report, "stack-overflow");
}

/* UBSan calls this with each report. */
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message, const char **file,
                                     unsigned *line, unsigned *column, char **address)
    __attribute__((weak));

void __ubsan_on_report(void)
{
    const char *kind = "", *message = "", *file = "";
    unsigned line = 0, column = 0;
    char *address = NULL;
    if (shared && __ubsan_get_current_report_data) {
        evidence_open();
        world_tell();
        __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
        snprintf(shared->end.report, sizeof(shared->end.report), "runtime error: %s at %s:%u",
                 message, file, line);
        note_stack(&shared->end);
    }
}

/* A call to where no code is leaves no frame, but the place that it would have returned to. */
static void note_caller(struct trace_end *end, const siginfo_t *info, const ucontext_t *at)
{
    const void *const *top = (const void *)at->uc_mcontext.gregs[REG_RSP];
    if (info->si_addr != (void *)at->uc_mcontext.gregs[REG_RIP]) {
        return;
    }
    if (stops_in_driver(*top)) {
        end->frame[end->frames++] = stops_driver_offset(*top) - 1;
    }
    end->rig &= !nds_depth(); /* only a driver gives pointers to code */
}

static void isolate_on_signal(int number, siginfo_t *info, void *context)
{
    if (number == SIGBUS && cut_mend(info->si_addr)) {
        struct sigaction again = {.sa_sigaction = isolate_on_signal,
                                  .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
        sigaction(number, &again, NULL);
        return;
    }
    evidence_open();
    world_tell();
    struct trace_end *end = &shared->end;
    if (end->reported) { /* a sanitizer's own end */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    end->signal = number;
    enum code_owner owner = note_stack(end);
    if (number == SIGSEGV || number == SIGBUS) {
        const ucontext_t *at = context;
        note_given(end, owner, info->si_addr, (const void *)at->uc_mcontext.gregs[REG_RIP]);
    }
    /* Broken memory shows late, and in the allocator. */
    end->rig &= number != SIGABRT && !out_of_stack(info, context);
    bool guarded = pages_on();
    if (guarded) {
        pages_stop();
    }
    if (number == SIGSEGV && !end->frames) {
        note_caller(end, info, context);
    }
    if (number == SIGSEGV || number == SIGBUS) {
        note_address(end, info->si_addr);
        end->foreign_memory |= guarded && guest_contains(info->si_addr);
        if (guarded && end->foreign_memory) {
            snprintf(end->report, sizeof(end->report), "ERROR: access to foreign memory");
        }
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* The time is over, or a signal was for another process: where was it? */
static void isolate_on_time(int number)
{
    evidence_open();
    world_tell();
    note_stack(&shared->end);
    shared->end.rig = false;
    shared->end.signal = number;
    signal(number, SIG_DFL);
    raise(number);
}

void isolate_describe_death(struct trace *trace)
{
    static uint8_t stack[65536];
    shared = trace;
    stack_prepare();
    struct sigaction late = {.sa_handler = isolate_on_time, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    sigaction(SIGXCPU, &late, NULL);
    sigaction(SIGSYS, &late, NULL);
    bool sanitized = __asan_set_error_report_callback != NULL;
    stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    if (sanitized) {
        __asan_set_error_report_callback(note_report);
    } else {
        sigaltstack(&other, NULL); /* a sanitizer brings its own */
    }
    struct sigaction action = {.sa_sigaction = isolate_on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND};
    /* The first three are the sanitizer's, which reports them. */
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    for (unsigned i = sanitized ? 3 : 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaction(signals[i], &action, NULL);
    }
    if (pages_on()) {
        stops_catch();
    }
}

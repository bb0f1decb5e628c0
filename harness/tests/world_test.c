/* SPDX-License-Identifier: MIT
 *
 * The rig survives what drivers do, and says what it was. The drivers are functions of this file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "ndis/nds.h"
#include "program/isolate.h"

static struct trace *trace;
static struct nds_hooks hooks;
static void (*deed)(void);

static void sleep_hook(void *context, uint64_t ns)
{
    (void)context;
    nds_set_now(nds_now() + ns);
}

static void (*sleep_with)(void *context, uint64_t ns) = sleep_hook;

static NDIS_STATUS NDIS_CALL entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    (void)object, (void)path;
    deed();
    return NDIS_STATUS_FAILURE;
}

static void (*deed_of_the_rig)(void);

static void body(void *context)
{
    (void)context;
    if (deed_of_the_rig) {
        deed_of_the_rig();
    }
    nds_load(entry);
}

/* cmocka puts handlers of its own in front of the sanitizer's; a run has those of any process. */
static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
static struct sigaction before[sizeof(fatal) / sizeof(fatal[0])];

static void handlers_of_any_process(void)
{
    for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        if (before[i].sa_handler != SIG_DFL) {
            sigaction(fatal[i], &before[i], NULL);
        }
    }
}

static void world_test_run(void *context)
{
    (void)context;
    struct nds_limits limits = {.events_max = 10000, .depth_max = 50, .memory_max = 1 << 20};
    object_reset();
    arena_rewind(false);
    nds_reset(&hooks, &limits, trace);
    tap_reset();
    trace->end.finished = nds_guard(body, NULL);
}

static enum verdict_kind verdict_of(void (*what)(void))
{
    deed = what;
    trace_reset(trace);
    hooks.sleep = sleep_with;
    handlers_of_any_process();
    assert_true(isolate_run(world_test_run, NULL, trace, 5));
    return trace->verdict.kind;
}

static void null_write(void)
{
    *(volatile int *)8 = 1;
}

static void endless_loop(void)
{
    for (volatile unsigned i = 0;; i++) {
    }
}

static volatile int forever = 1;

static void endless_recursion(void)
{
    volatile char room[4096];
    room[0] = 1;
    if (forever) {
        endless_recursion();
    }
    room[1] = 2;
}

static void lock_twice(void)
{
    NDIS_SPIN_LOCK lock;
    NdisAllocateSpinLock(&lock);
    NdisAcquireSpinLock(&lock);
    NdisAcquireSpinLock(&lock);
}

static void endless_events(void)
{
    for (;;) {
        NdisFreeMdl(NULL);
    }
}

static void endless_sleep(void)
{
    for (;;) {
        NdisMSleep(1);
    }
}

static void eat_memory(void)
{
    /* Fails at the budget; a driver that does not look crashes, this one looks. */
    while (NdisAllocateMemoryWithTagPriority(NULL, 4096, 1, NormalPoolPriority)) {
    }
}

static void overflow(void)
{
    volatile int most = 0x7FFFFFFF;
    most = most + 1;
}

static void exit_process(void)
{
    _exit(7);
}

static void the_rig_survives_what_a_driver_does(void **state)
{
    (void)state;
    enum verdict_kind kind = verdict_of(null_write);
    assert_true(kind == VERDICT_CRASH || kind == VERDICT_SANITIZER);
    kind = verdict_of(endless_recursion);
    assert_true(kind == VERDICT_CRASH || kind == VERDICT_SANITIZER);
    assert_int_equal(verdict_of(endless_loop), VERDICT_HANG);
    assert_int_equal(verdict_of(lock_twice), VERDICT_HANG);
    assert_int_equal(verdict_of(endless_events), VERDICT_HANG);
    assert_int_equal(verdict_of(endless_sleep), VERDICT_HANG);
    assert_int_equal(verdict_of(eat_memory), VERDICT_PASS);
    assert_int_equal(verdict_of(exit_process), VERDICT_EXIT);
    assert_true(trace->count > 0);
}

/* No call of the driver is open: what fails is the rig. */
static void a_fault_of_the_rig_is_none_of_the_driver(void **state)
{
    (void)state;
    deed_of_the_rig = null_write;
    assert_int_equal(verdict_of(eat_memory), VERDICT_RIG);
    assert_int_equal(verdict_exit_status(trace->verdict.kind), 3);
    deed_of_the_rig = NULL;
    assert_int_equal(verdict_of(eat_memory), VERDICT_PASS);
}

/* Its code stands where that of the rooms beyond NDIS does. */
__attribute__((section("rig_rooms"), noinline)) static void broken_hook(void *context, uint64_t ns)
{
    volatile char *nothing = context;
    nothing[ns] = 1;
}

static void sleep_once(void)
{
    NdisMSleep(8);
}

static void pass_a_wild_pointer(void)
{
    NdisAcquireSpinLock((PNDIS_SPIN_LOCK)(uintptr_t)forever);
    NdisInterlockedIncrement((PLONG)(uintptr_t)64);
}

/* A call of the driver is open, and what it passed was right, or not. */
static void what_the_driver_passed_tells_whose_fault_it_is(void **state)
{
    (void)state;
    sleep_with = broken_hook;
    assert_int_equal(verdict_of(sleep_once), VERDICT_RIG);
    assert_non_null(strstr(trace->verdict.actual, "in the rig's own code"));
    sleep_with = sleep_hook;
    assert_int_equal(verdict_of(sleep_once), VERDICT_PASS);
    enum verdict_kind kind = verdict_of(pass_a_wild_pointer);
    assert_true(kind == VERDICT_CRASH || kind == VERDICT_SANITIZER);
}

/* By the trace: what is open, since when. */
static void what_is_owed_is_told_of_a_hang(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(endless_loop), VERDICT_HANG);
    assert_string_equal(trace->end.owed, "the return of DriverEntry, open since event 0");
    assert_int_equal(verdict_of(sleep_once), VERDICT_PASS);
    assert_string_equal(trace->end.owed, "");
}

static void freed_use(void)
{
    volatile uint8_t *memory = NdisAllocateMemoryWithTagPriority(NULL, 64, 1, NormalPoolPriority);
    NdisFreeMemory((void *)memory, 64, 0);
    memory[3] = 1;
}

int __asan_address_is_poisoned(void const volatile *addr) __attribute__((weak));

static void what_sanitizers_see_is_told_in_the_verdict(void **state)
{
    (void)state;
    (void)overflow;
#if !defined(__has_feature) || !__has_feature(address_sanitizer)
    skip(); /* this file carries the instrumentation of a driver only in the debug preset */
#endif
    assert_int_equal(verdict_of(overflow), VERDICT_SANITIZER);
    assert_non_null(strstr(trace->verdict.actual, "overflow"));
    assert_int_equal(verdict_of(freed_use), VERDICT_SANITIZER);
    assert_non_null(strstr(trace->end.memory, "byte 3 of memory"));
    assert_non_null(strstr(trace->end.memory, "nobody"));
    assert_string_equal(trace->verdict.rule, "OWN-HOLD-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rig_survives_what_a_driver_does),
        cmocka_unit_test(a_fault_of_the_rig_is_none_of_the_driver),
        cmocka_unit_test(what_the_driver_passed_tells_whose_fault_it_is),
        cmocka_unit_test(what_is_owed_is_told_of_a_hang),
        cmocka_unit_test(what_sanitizers_see_is_told_in_the_verdict),
    };
    for (unsigned i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        sigaction(fatal[i], NULL, &before[i]);
    }
    trace = trace_new();
    return trace && arena_open() ? cmocka_run_group_tests(tests, NULL, NULL) : 3;
}

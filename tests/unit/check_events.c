/* Tests of core/engine/events.h and core/cli/progress.c: how often progress is told, by a clock that the test moves. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "core/base/clock.h"
#include "core/cli/printer.h"
#include "core/engine/events.h"
#include "tests/unit/unit.h"

static int64_t fake_ms;

/* In place of libc's, for all of this program. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    (void)clock;
    *ts = (struct timespec){ .tv_sec = fake_ms / 1000, .tv_nsec = fake_ms % 1000 * 1000000 };
    return 0;
}

static struct { int progress, others; int64_t last_ms, least_ms, most_ms; } told;

static void note(void *ctx, const struct pab_event *e)
{
    (void)ctx;
    if (e->type != PAB_EV_PROGRESS) {
        told.others++;
        return;
    }
    int64_t since = fake_ms - told.last_ms;
    if (told.progress && (told.progress == 1 || since < told.least_ms)) told.least_ms = since;
    if (told.progress && since > told.most_ms) told.most_ms = since;
    told.progress++;
    told.last_ms = fake_ms;
}

static const struct pab_events events = { .event = note };
static const struct pab_event progress = { .type = PAB_EV_PROGRESS, .target = "t" };

START_TEST(progress_is_told_at_most_once_in_250_ms)
{
    fake_ms = pab_monotonic_ms() + 1000000;
    told.progress = 0;
    for (int i = 0; i < 10000; i++, fake_ms++) pab_emit_progress(&events, &progress);
    ck_assert_int_eq(told.progress, 40);
    ck_assert_int_eq(told.least_ms, 250);
    ck_assert_int_eq(told.most_ms, 250);
}
END_TEST

START_TEST(rare_progress_is_told_at_once)
{
    fake_ms += 1000000;
    told.progress = 0;
    for (int i = 0; i < 10; i++, fake_ms += 300) pab_emit_progress(&events, &progress);
    ck_assert_int_eq(told.progress, 10);
}
END_TEST

START_TEST(everything_else_is_told_whenever_it_happens)
{
    fake_ms += 1000000;
    told.progress = told.others = 0;
    for (int i = 0; i < 10; i++) {
        pab_emit(&events, &(struct pab_event){ .type = PAB_EV_WARNING, .text = "w" });
        pab_emit_progress(&events, &progress);
    }
    ck_assert_int_eq(told.others, 10);
    ck_assert_int_eq(told.progress, 1);
}
END_TEST

START_TEST(a_stderr_that_is_no_terminal_gets_a_plain_line_every_five_seconds)
{
    char text[4096] = "";
    int saved = dup(2), file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), lines = 0;
    ck_assert(saved >= 0 && file >= 0 && dup2(file, 2) == 2);
    fake_ms += 1000000;
    pab_progress_setup(1);
    for (int i = 0; i < 104; i++, fake_ms += 250) pab_progress_show(&progress); /* 25.75 s */
    pab_progress_setup(0);
    for (int i = 0; i < 104; i++, fake_ms += 250) pab_progress_show(&progress);
    dup2(saved, 2);
    ck_assert_int_gt(pread(file, text, sizeof text - 1, 0), 0);
    for (const char *p = text; (p = strchr(p, '\n')); p++) lines++;
    ck_assert_int_eq(lines, 5);
    ck_assert_ptr_null(strpbrk(text, "\r\033"));
    ck_assert_int_eq(strncmp(text, "t: ", 3), 0);
    close(saved);
    close(file);
}
END_TEST

UNIT_MAIN("events", progress_is_told_at_most_once_in_250_ms, rare_progress_is_told_at_once, everything_else_is_told_whenever_it_happens,
          a_stderr_that_is_no_terminal_gets_a_plain_line_every_five_seconds)

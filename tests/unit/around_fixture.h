/* around_fixture.h - what the tests of hooks, notifications and metrics share. */
#ifndef PAB_TESTS_AROUND_FIXTURE_H
#define PAB_TESTS_AROUND_FIXTURE_H

#include "tests/unit/engine_fixture.h"

/* More keys for the job, after JOB(). */
HELPER void add_to_job(const char *text)
{
    FILE *f = fopen(job_path, "a");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

/* A file of the test's folder, "" when it is not there. */
HELPER const char *content(const char *name)
{
    static char text[16384];
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) fclose(f);
    text[n] = 0;
    return text;
}

#endif

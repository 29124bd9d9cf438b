/* The examples in conf/ are sound, and the manual of job files names what the tables know. */
#include "tests/unit/config_fixture.h"

#include <dirent.h>
#include <stdio.h>

#include "core/config/job.h"
#include "core/config/job_tables.h"
#include "core/plug/load.h"
#include "core/plug/op.h"
#include "core/base/fsutil.h"
#include "core/engine/init.h"
#include "tests/unit/machine_fixture.h"

#include <fcntl.h>

DEFINE_CLEANUP(job, struct pab_job, pab_job_free)
#define JOB CLEANUP(pab_cleanup_job) struct pab_job *

static struct pab_job *load_example(const char *name)
{
    struct pab_job *j = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("%s/conf/jobs/%s", TEST_SRCDIR, name);
    setenv("PABENGINE_CONFIG", TEST_SRCDIR "/conf/pabengine.yaml", 1);
    pab_buf_clear(&warnings);
    ck_assert_msg(pab_job_load(path, 0, collect_warning, NULL, &j, &err) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(pab_buf_str(&warnings), "");
    return j;
}

/* Each target's options against the table of its plugin, where that plugin is part of this build (names between blanks). */
static int check_options_of(const struct pab_job *j, const struct pab_job_target *t)
{
    CLEANUP_FREE char *word = pab_sprintf(" %s ", t->plugin);
    if (!strstr(" " TEST_PLUGINS " ", word))
        return 0;
    struct pab_error err = { 0 };
    struct pab_plugs *plugs = pab_plugs_new(TEST_BUILDDIR "/.libs", pab_host_table());
    const struct pab_loaded *plugin = NULL;
    CONFIG c = NULL;
    struct pab_config_env env;
    pab_job_config_env(j, 0, &env);
    ck_assert_msg(pab_plugs_get(plugs, t->plugin, &plugin, &err) == PAB_OK, "%s", err.message);
    int code = pab_config_check(t->options, plugin->p.options, plugin->p.option_count, plugin->p.option_stride, &env, t->path, &c, &err);
    ck_assert_msg(code == PAB_OK, "%s (%s)", err.message, err.hint);
    pab_plugs_free(plugs);
    return 1;
}

START_TEST(every_example_is_a_job_that_its_plugins_accept)
{
    DIR *d = opendir(TEST_SRCDIR "/conf/jobs");
    int jobs = 0;
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        JOB j = load_example(e->d_name);
        for (size_t i = 0; i < j->target_count; i++)
            check_options_of(j, &j->targets[i]);
        jobs++;
    }
    closedir(d);
    ck_assert_int_ge(jobs, 4);
}
END_TEST

START_TEST(the_job_that_init_writes_is_one_that_its_plugins_accept)
{
    JOB j = NULL;
    struct pab_error err = { 0 };
    json_t *machine = machine_of(STACK);
    CLEANUP_FREE char *text = pab_init_job(machine);
    ck_assert_msg(pab_job_parse(text, strlen(text), "init.yaml", 0, collect_warning, NULL, &j, &err) == PAB_OK, "%s", err.message);
    ck_assert_uint_ge(j->target_count, 6);
    for (size_t i = 0; i < j->target_count; i++) check_options_of(j, &j->targets[i]);
    json_decref(machine);
}
END_TEST

START_TEST(the_main_job_holds_the_whole_stack)
{
    static const char *const plugins[] = { "postgres", "volume", "neo4j", "letta", "n8n", "files" };
    JOB j = load_example("nightly.yaml");
    ck_assert_str_eq(j->name, "nightly");
    ck_assert_str_eq(j->store_path, "/backups");
    ck_assert_uint_eq(j->target_count, sizeof plugins / sizeof *plugins);
    for (size_t i = 0; i < j->target_count; i++) ck_assert_str_eq(j->targets[i].plugin, plugins[i]);
    ck_assert_int_eq(j->targets[1].timeout_ms, 7200000);
    ck_assert_int_eq(j->targets[1].retries, 2);
}
END_TEST

START_TEST(a_job_that_is_silent_takes_the_example_of_the_global_file)
{
    JOB j = load_example("files.yaml");
    ck_assert_int_eq(j->targets[0].timeout_ms, 4 * 3600000);
    ck_assert_int_eq(j->targets[0].retries, 1);
}
END_TEST

static char *manual;

/* The manual has an item or a mention of the key, names its choices, and says its default where an item has one. */
static void expect_in_manual(const struct pab_option *table, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct pab_option *opt = &table[i];
        CLEANUP_FREE char *key = pab_sprintf("B<%s>", opt->key);
        ck_assert_msg(strstr(manual, key) != NULL, "the manual does not mention %s", opt->key);
        for (size_t k = 0; opt->choices && opt->choices[k]; k++) {
            CLEANUP_FREE char *choice = pab_sprintf("C<%s>", opt->choices[k]);
            ck_assert_msg(strstr(manual, choice) != NULL, "the manual does not mention %s of %s", opt->choices[k], opt->key);
        }
        if (opt->default_text && !opt->fields && !(opt->flags & PAB_OPT_LATER)) {
            CLEANUP_FREE char *item = pab_sprintf("=item B<%s> (", opt->key);
            CLEANUP_FREE char *says = pab_sprintf("default %s)", opt->default_text);
            int found = 0;
            for (const char *p = manual; !found && (p = strstr(p, item)); p++) {
                CLEANUP_FREE char *line = pab_strndup(p, strcspn(p, "\n"));
                found = strstr(line, says) != NULL;
            }
            ck_assert_msg(found, "the manual does not say '%s' of %s", says, opt->key);
        }
        expect_in_manual(opt->fields, opt->field_count);
    }
}

static void load_manual(void)
{
    size_t n;
    struct pab_error err = { 0 };
    ck_assert_msg(pab_read_file(AT_FDCWD, TEST_SRCDIR "/core/pabengine-job.pod", 1 << 20, &manual, &n, &err) == PAB_OK, "%s", err.message);
}

START_TEST(the_manual_names_every_key_choice_and_default)
{
    load_manual();
    for (uint32_t i = 0; i < pab_job_table_count; i++) {
        struct pab_option opt = pab_job_table[i];
        if (opt.flags & PAB_OPT_LATER) /* their defaults are described when they work */
            for (uint32_t k = 0; k < opt.field_count; k++) {
                CLEANUP_FREE char *key = pab_sprintf("B<%s>", opt.fields[k].key);
                ck_assert_msg(strstr(manual, key) != NULL, "the manual does not mention %s", opt.fields[k].key);
            }
        else
            expect_in_manual(&opt, 1);
    }
    expect_in_manual(pab_global_table + 1, pab_global_table_count - 1);
    free(manual);
}
END_TEST

/* The first example of the manual, as a reader would copy it. */
START_TEST(the_jobs_in_the_manual_are_accepted)
{
    static const char *const headings[] = { "=head1 SYNOPSIS", "=head1 EXAMPLES" };
    load_manual();
    for (size_t i = 0; i < COUNT(headings); i++) {
        const char *p = strstr(strstr(manual, headings[i]), "\n version:");
        ck_assert_ptr_nonnull(p);
        struct pab_buf job = PAB_BUF_INIT(0);
        for (p++; *p == ' '; p += strcspn(p, "\n") + 1)
            pab_buf_addf(&job, "%.*s\n", (int)strcspn(p, "\n") - 1, p + 1);
        struct pab_job *j = NULL;
        struct pab_error err = { 0 };
        ck_assert_msg(pab_job_parse(pab_buf_str(&job), job.size, "manual", 0, collect_warning, NULL, &j, &err) == PAB_OK, "%s", err.message);
        ck_assert_uint_eq(j->target_count, 2);
        for (size_t t = 0; t < j->target_count; t++)
            check_options_of(j, &j->targets[t]);
        pab_job_free(j);
        pab_buf_release(&job);
    }
    free(manual);
}
END_TEST

UNIT_MAIN("examples", every_example_is_a_job_that_its_plugins_accept, the_job_that_init_writes_is_one_that_its_plugins_accept, the_main_job_holds_the_whole_stack,
          a_job_that_is_silent_takes_the_example_of_the_global_file, the_manual_names_every_key_choice_and_default,
          the_jobs_in_the_manual_are_accepted)

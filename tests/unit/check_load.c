/* check_load.c - which plugins are let in, and what is said to those that are not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/plug/load.h"
#include "core/plug/op.h"
#include "tests/unit/unit.h"

#define FOLDER TEST_BUILDDIR "/tests/plugins/.libs"
#define REPORT_IT "this is a bug of the plugin; please report it to its author"

static struct pab_plugs *plugs;
static const struct pab_loaded *got;
static struct pab_error err;

static void begin(const char *folders)
{
    unsetenv("PABENGINE_TEST_FAULT");
    pab_error_clear(&err);
    got = NULL;
    plugs = pab_plugs_new(folders, pab_host_table());
}

static void end(void)
{
    pab_plugs_free(plugs);
}

static void loads(const char *name)
{
    begin(FOLDER);
    ck_assert_msg(pab_plugs_get(plugs, name, &got, &err) == PAB_OK, "%s: %s", name, err.message);
    ck_assert_str_eq(got->p.name, name);
    ck_assert_str_eq(got->p.version, "1.0");
    ck_assert_ptr_nonnull(got->p.backup);
}

/* Tries file NAME.so of the test plugins; `message` is what is said after its path, FILE there stands for that path. */
static void refused(const char *name, int code, const char *message, const char *hint)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/%s.so", FOLDER, name);
    ck_assert_int_eq(pab_plugs_get_path(plugs, path, &got, &err), code);
    ck_assert_int_eq(err.code, code);
    ck_assert_ptr_null(got);
    const char *at = strstr(err.message, path);
    ck_assert_msg(at != NULL, "the message does not name the file: %s", err.message);
    CLEANUP_FREE char *rest = pab_sprintf("%.*sFILE%s", (int)(at - err.message), err.message, at + strlen(path));
    ck_assert_str_eq(rest, message);
    ck_assert_str_eq(err.hint, hint);
}

/* The faulty plugin with this fault in what pab_plugin_init returns. */
static void refused_for(const char *fault, int code, const char *message, const char *hint)
{
    begin("");
    setenv("PABENGINE_TEST_FAULT", fault, 1);
    refused("faulty", code, message, hint);
    unsetenv("PABENGINE_TEST_FAULT");
    end();
}

START_TEST(a_plugin_of_this_version_loads)
{
    loads("ok");
    ck_assert_uint_eq(got->p.abi_minor, PAB_ABI_MINOR);
    ck_assert_uint_eq(got->their_size, sizeof(struct pab_plugin));
    end();
}
END_TEST

START_TEST(a_plugin_of_the_first_version_loads)
{
    loads("frozen-1-0");
    end();
}
END_TEST

START_TEST(what_an_old_plugin_does_not_have_reads_as_zero)
{
    loads("old");
    ck_assert_uint_lt(got->their_size, sizeof(struct pab_plugin));
    ck_assert_ptr_null(got->p.recover); /* behind its struct lie other bytes */
    end();
}
END_TEST

START_TEST(what_a_newer_plugin_has_more_is_left_out)
{
    loads("newer");
    ck_assert_uint_gt(got->their_size, sizeof(struct pab_plugin));
    ck_assert_uint_gt(got->p.abi_minor, PAB_ABI_MINOR);
    ck_assert_uint_gt(got->p.option_stride, sizeof(struct pab_option));
    const struct pab_option *second = (const struct pab_option *)(const void *)((const char *)got->p.options + got->p.option_stride);
    ck_assert_str_eq(second->key, "times");
    end();
}
END_TEST

START_TEST(a_plugin_in_cxx_loads)
{
    loads("cxx");
    end();
    loads("cxx11");
    end();
}
END_TEST

START_TEST(a_plugin_that_needs_a_newer_host_is_told_so)
{
    begin("");
    refused("needs-newer", PAB_E_UNSUPPORTED, "plugin 'FILE' needs plugin ABI 1.7, this pabengine has 1.2", "install a newer pabengine, or an older version of the plugin");
    end();
}
END_TEST

START_TEST(another_major_version_is_refused_by_its_head_alone)
{
    begin("");
    refused("wrong-major", PAB_E_UNSUPPORTED, "plugin 'FILE' was built for plugin ABI 2.3, this pabengine has 1.2",
            "install a newer pabengine, or rebuild the plugin against this version's pab_plugin.h");
    end();
}
END_TEST

START_TEST(a_plugin_of_an_older_major_version_must_be_rebuilt)
{
    const struct pab_plugin theirs = { .magic = PAB_ABI_MAGIC, .abi_major = 0, .abi_minor = 9 };
    struct pab_loaded loaded = { 0 };
    begin("");
    ck_assert_int_eq(pab_plug_accept(&theirs, "x.so", &loaded, &err), PAB_E_UNSUPPORTED);
    ck_assert_str_eq(err.message, "plugin 'x.so' was built for plugin ABI 0.9, this pabengine has 1.2");
    ck_assert_str_eq(err.hint, "rebuild the plugin against this version's pab_plugin.h");
    ck_assert_ptr_null(loaded.p.backup);
    end();
}
END_TEST

START_TEST(a_library_that_is_no_plugin_is_refused)
{
    begin("");
    refused("no-symbol", PAB_E_UNSUPPORTED, "'FILE' is not a pabengine plugin: it has no pab_plugin_init", "pab_plugin(3) says what a plugin exports");
    end();
}
END_TEST

START_TEST(a_plugin_whose_libraries_are_missing_is_refused_with_what_is_missing)
{
    begin("");
    refused("unresolved", PAB_E_UNSUPPORTED, "cannot load plugin 'FILE': undefined symbol: function_of_a_missing_library",
            "install the libraries it needs (ldd '" FOLDER "/unresolved.so' lists them), or rebuild it on this machine");
    end();
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
    begin("");
    refused("nowhere", PAB_E_NOT_FOUND, "cannot read plugin 'FILE': No such file or directory", "'pabengine plugin list' shows what is there");
    end();
}
END_TEST

START_TEST(nonsense_from_init_is_refused)
{
    refused_for("nothing", PAB_E_UNSUPPORTED, "plugin 'FILE': pab_plugin_init returned nothing", REPORT_IT);
    refused_for("magic", PAB_E_UNSUPPORTED, "plugin 'FILE' is not a pabengine plugin (magic 464c457f, expected 50414250)", REPORT_IT);
    refused_for("short", PAB_E_UNSUPPORTED, "plugin 'FILE' says its struct pab_plugin has 40 bytes, ABI 1.0 has at least 144", REPORT_IT);
    refused_for("nameless", PAB_E_UNSUPPORTED, "plugin 'FILE' has no valid name", REPORT_IT);
    refused_for("bad-name", PAB_E_UNSUPPORTED, "plugin 'FILE' has no valid name", REPORT_IT);
    refused_for("no-version", PAB_E_UNSUPPORTED, "plugin 'FILE' has no version or no summary", REPORT_IT);
    refused_for("no-summary", PAB_E_UNSUPPORTED, "plugin 'FILE' has no version or no summary", REPORT_IT);
    refused_for("thread-model", PAB_E_UNSUPPORTED, "plugin 'FILE' has no thread model", REPORT_IT);
}
END_TEST

START_TEST(categories_that_no_run_would_ever_want_are_refused)
{
    refused_for("categories", PAB_E_UNSUPPORTED, "plugin 'FILE' writes categories 0x100, which ABI 1.2 does not know",
                "install a newer pabengine, or an older version of the plugin");
}
END_TEST

START_TEST(a_missing_verb_is_named)
{
    static const char *const verbs[] = { "open", "close", "discover", "backup", "restore", "verify" };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        CLEANUP_FREE char *fault = pab_sprintf("no-%s", verbs[i]);
        CLEANUP_FREE char *message = pab_sprintf("plugin 'FILE' has no %s function", verbs[i]);
        refused_for(fault, PAB_E_UNSUPPORTED, message, REPORT_IT);
    }
}
END_TEST

START_TEST(a_bad_option_table_is_refused_with_the_option)
{
    static const struct { const char *fault, *message; } faults[] = {
        { "no-table", "no table, or entries of an impossible size" },
        { "short-options", "no table, or entries of an impossible size" },
        { "many-options", "'' has too many keys" },
        { "no-key", "'(null)' is not a key: use a-z, 0-9 and '_', a letter first" },
        { "bad-key", "'Fault!\\x0a' is not a key: use a-z, 0-9 and '_', a letter first" },
        { "same-key", "'text' stands twice" },
        { "bad-type", "'fault' has a type that this version does not know" },
        { "bad-flag", "'fault' has a flag that this version does not know" },
        { "no-help", "'fault' has no help text" },
        { "no-choices", "'fault' is a choice without choices" },
        { "no-fields", "'fault' is a record without fields" },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        CLEANUP_FREE char *message = pab_sprintf("plugin 'FILE': option table of plugin 'faulty': %s", faults[i].message);
        refused_for(faults[i].fault, PAB_E_INTERNAL, message, REPORT_IT);
    }
}
END_TEST

START_TEST(a_default_that_its_own_option_would_refuse_is_refused)
{
    begin("");
    setenv("PABENGINE_TEST_FAULT", "bad-default", 1);
    ck_assert_int_eq(pab_plugs_get_path(plugs, FOLDER "/faulty.so", &got, &err), PAB_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "'perfection'"));
    ck_assert_ptr_nonnull(strstr(err.message, FOLDER "/faulty.so"));
    end();
}
END_TEST

START_TEST(a_plugin_that_cannot_set_itself_up_is_refused_and_may_try_again)
{
    refused_for("load-fails", PAB_E_UNSUPPORTED, "plugin 'FILE' could not set itself up: its load returned -16 (TOOL)", "see its manual for what it needs on this machine");
    begin(FOLDER);
    ck_assert_int_eq(pab_plugs_get(plugs, "faulty", &got, &err), PAB_OK);
    end();
}
END_TEST

START_TEST(a_plugin_is_set_up_once_however_often_it_is_asked_for)
{
    for (int i = 0; i < 3; i++) {
        begin(FOLDER);
        setenv("PABENGINE_TEST_FAULT", "loads-once", 1);
        ck_assert_msg(pab_plugs_get(plugs, "faulty", &got, &err) == PAB_OK, "time %d: %s", i, err.message);
        ck_assert_int_eq(pab_plugs_get_path(plugs, FOLDER "/../.libs/faulty.so", &got, &err), PAB_OK);
        end();
    }
}
END_TEST

START_TEST(asking_again_gives_the_same)
{
    const struct pab_loaded *first;
    loads("ok");
    first = got;
    ck_assert_int_eq(pab_plugs_get(plugs, "ok", &got, &err), PAB_OK);
    ck_assert_ptr_eq(got, first);
    end();
}
END_TEST

START_TEST(a_plugin_under_another_name_than_its_own_is_refused)
{
    begin(FOLDER);
    setenv("PABENGINE_TEST_FAULT", "other-name", 1);
    ck_assert_int_eq(pab_plugs_get(plugs, "faulty", &got, &err), PAB_E_UNSUPPORTED);
    ck_assert_str_eq(err.message, "plugin '" FOLDER "/faulty.so' calls itself 'somebody-else'");
    ck_assert_str_eq(err.hint, "a plugin's file is NAME.so");
    end();
}
END_TEST

START_TEST(an_unknown_name_is_answered_with_the_nearest)
{
    begin("/nonexistent:" FOLDER);
    ck_assert_int_eq(pab_plugs_get(plugs, "newar", &got, &err), PAB_E_CONFIG);
    ck_assert_str_eq(err.message, "plugin 'newar' is not installed (looked in /nonexistent:" FOLDER ")");
    ck_assert_str_eq(err.hint, "did you mean 'newer'?");
    ck_assert_int_eq(pab_plugs_get(plugs, "postgresql", &got, &err), PAB_E_CONFIG);
    ck_assert_str_eq(err.hint, "'pabengine plugin list' shows what is there");
    end();
}
END_TEST

START_TEST(a_name_never_leads_out_of_the_folders)
{
    static const char *const names[] = { "../ok", "/tmp/ok", "", "Ok", "1ok", "ok.so", "-ok" };
    begin(FOLDER "/sub:" FOLDER);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_int_eq(pab_plugs_get(plugs, names[i], &got, &err), PAB_E_CONFIG);
        ck_assert_ptr_nonnull(strstr(err.message, "is not a plugin name"));
    }
    end();
}
END_TEST

START_TEST(names_are_those_of_all_folders_sorted_and_each_once)
{
    struct pab_strs names = { 0 };
    begin(FOLDER "::" FOLDER ":/nonexistent");
    ck_assert_int_eq(pab_plugs_names(plugs, &names, &err), PAB_OK);
    ck_assert_uint_gt(names.count, 8);
    for (size_t i = 1; i < names.count; i++) ck_assert_int_lt(strcmp(names.items[i - 1], names.items[i]), 0);
    pab_strs_release(&names);
    end();
}
END_TEST

/* A private folder with a copy of plugin ok, as COPY/ok.so. Caller frees and removes. */
static char *copy_of_ok(void)
{
    char *text = NULL;
    size_t size;
    char *dir = pab_strdup("/tmp/pab-load-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(pab_read_file(AT_FDCWD, FOLDER "/ok.so", 10 << 20, &text, &size, &err), PAB_OK);
    CLEANUP_FREE char *path = pab_sprintf("%s/ok.so", dir);
    ck_assert_int_eq(pab_write_file_atomic(AT_FDCWD, path, text, size, 0644, &err), PAB_OK);
    free(text);
    return dir;
}

START_TEST(root_loads_nothing_that_others_can_write)
{
    if (geteuid() != 0) return; /* others have no more rights than they have anyway */
    CLEANUP_FREE char *dir = copy_of_ok();
    CLEANUP_FREE char *file = pab_sprintf("%s/ok.so", dir);
    CLEANUP_FREE char *link = pab_sprintf("%s-link.so", dir);
    ck_assert_int_eq(symlink(file, link), 0);
    begin(dir);
    const struct { const char *what; mode_t dir_mode, file_mode; uid_t owner; const char *blamed; } cases[] = {
        { "a file for everybody", 0755, 0666, 0, file }, { "a folder for everybody", 0777, 0644, 0, dir }, { "somebody else's file", 0755, 0644, 65534, file },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(chmod(dir, cases[i].dir_mode) | chmod(file, cases[i].file_mode) | chown(file, cases[i].owner, 0), 0);
        ck_assert_int_eq(pab_plugs_get(plugs, "ok", &got, &err), PAB_E_REFUSED);
        CLEANUP_FREE char *message = pab_sprintf("refusing plugin '%s': '%s' can be written by others than root", file, cases[i].blamed);
        CLEANUP_FREE char *hint = pab_sprintf("chown root '%s' and chmod go-w '%s'", cases[i].blamed, cases[i].blamed);
        ck_assert_str_eq(err.message, message);
        ck_assert_str_eq(err.hint, hint);
        ck_assert_int_eq(pab_plugs_get_path(plugs, link, &got, &err), PAB_E_REFUSED); /* nor by way of a link from a better place */
    }
    ck_assert_int_eq(chmod(dir, 0755) | chmod(file, 0644) | chown(file, 0, 0), 0);
    ck_assert_int_eq(pab_plugs_get(plugs, "ok", &got, &err), PAB_OK);
    end();
    ck_assert_int_eq(unlink(link) | pab_remove_tree(AT_FDCWD, dir, &err), 0);
}
END_TEST

START_TEST(the_first_folder_with_the_name_counts)
{
    CLEANUP_FREE char *dir = copy_of_ok();
    CLEANUP_FREE char *both = pab_sprintf("/nonexistent:%s:%s", dir, FOLDER);
    CLEANUP_FREE char *wanted = pab_sprintf("%s/ok.so", dir);
    begin(both);
    ck_assert_int_eq(pab_plugs_get(plugs, "ok", &got, &err), PAB_OK);
    ck_assert_str_eq(got->path, wanted);
    end();
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, dir, &err), PAB_OK);
}
END_TEST

UNIT_MAIN("load", a_plugin_of_this_version_loads, a_plugin_of_the_first_version_loads, what_an_old_plugin_does_not_have_reads_as_zero,
          what_a_newer_plugin_has_more_is_left_out, a_plugin_in_cxx_loads, a_plugin_that_needs_a_newer_host_is_told_so,
          another_major_version_is_refused_by_its_head_alone, a_plugin_of_an_older_major_version_must_be_rebuilt, a_library_that_is_no_plugin_is_refused,
          a_plugin_whose_libraries_are_missing_is_refused_with_what_is_missing, a_file_that_is_not_there_is_named, nonsense_from_init_is_refused,
          categories_that_no_run_would_ever_want_are_refused, a_missing_verb_is_named, a_bad_option_table_is_refused_with_the_option,
          a_default_that_its_own_option_would_refuse_is_refused, a_plugin_that_cannot_set_itself_up_is_refused_and_may_try_again,
          a_plugin_is_set_up_once_however_often_it_is_asked_for, asking_again_gives_the_same, a_plugin_under_another_name_than_its_own_is_refused,
          an_unknown_name_is_answered_with_the_nearest, a_name_never_leads_out_of_the_folders, names_are_those_of_all_folders_sorted_and_each_once,
          root_loads_nothing_that_others_can_write, the_first_folder_with_the_name_counts)

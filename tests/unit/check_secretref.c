/* Tests of core/config/secretref.h: where secrets come from, and that they are never shown. */
#include "tests/unit/config_fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cancel.h"
#include "core/base/secret.h"

#define SECRET "hunter2-Kx9"

static const struct pab_option table[] = { { .key = "password", .type = PAB_OPT_SECRET, .help = "h" } };
static char dir[64];

static void make_dir(void)
{
    strcpy(dir, "/tmp/pab-check-secret-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void make_file(const char *name, const char *text, size_t n, mode_t mode)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "we");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static void remove_file(const char *name)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, name);
    unlink(path);
}

static int resolve(const char *value, const struct pab_config_env *env, struct pab_config **ret)
{
    CLEANUP_FREE char *text = pab_sprintf("password: %s\n", value);
    NODE node = node_of(text);
    pab_error_clear(&last_error);
    int code = pab_config_check(node, table, 1, sizeof *table, env, "o", ret, &last_error);
    ck_assert_ptr_null(strstr(last_error.message, SECRET));
    ck_assert_ptr_null(strstr(last_error.hint, SECRET));
    ck_assert_ptr_null(strstr(pab_buf_str(&warnings), SECRET));
    return code;
}

static void expect(const char *value, const struct pab_config_env *env, const char *want)
{
    CONFIG c = NULL;
    ck_assert_msg(resolve(value, env, &c) == PAB_OK, "%s: %s", value, last_error.message);
    ck_assert_str_eq(pab_config_str(c, "password"), want);
    CLEANUP_FREE char *line = pab_sprintf("connecting with %s now", want);
    CLEANUP_FREE char *masked = pab_secret_mask(line);
    ck_assert_ptr_null(strstr(masked, want)); /* whatever it came from, it is masked from now on */
}

static void refuse(const char *value, const struct pab_config_env *env, const char *message)
{
    struct pab_config *c = NULL;
    ck_assert_msg(resolve(value, env, &c) == PAB_E_CONFIG, "accepted: %s", value);
    ck_assert_ptr_null(c);
    ck_assert_msg(strncmp(last_error.message, "t.yaml:1:", 9) == 0 && strstr(last_error.message, message), "%s: %s", value, last_error.message);
}

START_TEST(env_takes_the_environment_first_and_then_env_file)
{
    static const char *const file[] = { "PAB_T_A=from-file-1", "PAB_T_AB=from-file-2", NULL };
    struct pab_config_env env = test_env();
    env.env_file = file;
    unsetenv("PAB_T_A");
    expect("env:PAB_T_A", &env, "from-file-1");
    expect("env:PAB_T_AB", &env, "from-file-2");
    setenv("PAB_T_A", SECRET, 1);
    expect("env:PAB_T_A", &env, SECRET);
    ck_assert_str_eq(pab_buf_str(&warnings), "");
}
END_TEST

START_TEST(a_variable_that_is_not_set_is_named_with_its_place)
{
    struct pab_config_env env = test_env();
    unsetenv("PAB_T_A");
    refuse("env:PAB_T_A", &env, "t.yaml:1:11: o.password: environment variable 'PAB_T_A' is not set");
    ck_assert_ptr_nonnull(strstr(last_error.hint, "env_file"));
    setenv("PAB_T_A", "", 1);
    refuse("env:PAB_T_A", &env, "environment variable 'PAB_T_A' is empty");
    refuse("'env:'", &env, "'env:' is not followed by the name of an environment variable");
    refuse("'env:2 " SECRET "'", &env, "'env:' is not followed by the name of an environment variable");
}
END_TEST

START_TEST(file_is_relative_to_the_job_and_loses_one_newline)
{
    make_dir();
    struct pab_config_env env = test_env();
    env.dir = dir;
    make_file("key", SECRET "\n", strlen(SECRET) + 1, 0600);
    expect("file:key", &env, SECRET);
    make_file("key", " two\n\n", 6, 0400);
    expect("file:./key", &env, " two\n");
    make_file("key", "windows\r\n", 9, 0600);
    CLEANUP_FREE char *absolute = pab_sprintf("file:%s/key", dir);
    expect(absolute, &env, "windows");
    ck_assert_str_eq(pab_buf_str(&warnings), "");
    remove_file("key");
    rmdir(dir);
}
END_TEST

START_TEST(a_file_that_others_can_read_is_a_warning)
{
    make_dir();
    struct pab_config_env env = test_env();
    env.dir = dir;
    make_file("key", SECRET, strlen(SECRET), 0640);
    expect("file:key", &env, SECRET);
    CLEANUP_FREE char *want = pab_sprintf("t.yaml:1:11: o.password: the file '%s/key' can be read by others (mode 0640): chmod 600 it\n", dir);
    ck_assert_str_eq(pab_buf_str(&warnings), want);
    remove_file("key");
    rmdir(dir);
}
END_TEST

START_TEST(files_that_hold_no_secret_are_refused)
{
    make_dir();
    struct pab_config_env env = test_env();
    env.dir = dir;
    refuse("file:missing", &env, "/missing': No such file or directory");
    refuse("'file:'", &env, "'file:' is not followed by a path");
    make_file("key", "\n", 1, 0600);
    refuse("file:key", &env, "/key' is empty");
    make_file("key", SECRET "\0x", strlen(SECRET) + 2, 0600);
    refuse("file:key", &env, "holds a NUL byte");
    CLEANUP_FREE char *big = pab_alloc((64 << 10) + 1);
    memset(big, 'x', (64 << 10) + 1);
    make_file("key", big, (64 << 10) + 1, 0600);
    refuse("file:key", &env, "/key'");
    refuse("file:.", &env, "");
    remove_file("key");
    rmdir(dir);
}
END_TEST

START_TEST(a_command_gives_its_output_without_a_shell)
{
    make_dir();
    struct pab_config_env env = test_env();
    env.dir = dir;
    make_file("key", SECRET "\n", strlen(SECRET) + 1, 0600);
    expect("command:cat key", &env, SECRET); /* started in the folder of the job */
    expect("'command:  echo  abc   def  '", &env, "abc def");
    expect("command:echo $HOME;id", &env, "$HOME;id");
    expect("{command: [printf, '%s', 'two  words']}", &env, "two  words");
    expect("command:[cat, key]", &env, SECRET);
    expect("command:[printf, '%s|', \"two  words\", 'it''s', a b]", &env, "two  words|it's|a b|");
    expect("\"command: [echo, 'a, b']\"", &env, "a, b");
    remove_file("key");
    rmdir(dir);
}
END_TEST

START_TEST(a_command_that_fails_or_says_nothing_is_refused)
{
    make_dir();
    struct pab_config_env env = test_env();
    env.dir = dir;
    static const char script[] = "#!/bin/sh\necho " SECRET "\necho 'permission denied' >&2\nexit 3\n";
    make_file("prints", script, sizeof script - 1, 0700);
    refuse("command:./prints", &env, "the command './prints'");
    ck_assert_ptr_nonnull(strstr(last_error.message, "permission denied"));
    refuse("command:true " SECRET, &env, "the command 'true' is empty");
    refuse("command:/nonexistent/vault " SECRET, &env, "/nonexistent/vault");
    refuse("'command: '", &env, "'command:' names no program");
    refuse("{command: []}", &env, "'command:' names no program");
    refuse("{command: [[a]]}", &env, "must be text");
    refuse("command:[]", &env, "'command:' names no program");
    refuse("command:[[a]]", &env, "must be text");
    refuse("command:[echo, " SECRET, &env, "the list that follows 'command:' is no list");
    refuse("command:[echo] " SECRET, &env, "the list that follows 'command:' is no list");
    refuse("{command: cat}", &env, "found another map");
    refuse("{cmd: [cat]}", &env, "found another map");
    remove_file("prints");
    rmdir(dir);
}
END_TEST

START_TEST(a_command_ends_when_the_user_cancels)
{
    struct pab_config_env env = test_env();
    struct pab_config *c = NULL;
    env.dir = "/";
    pab_cancel_trigger();
    ck_assert_int_eq(resolve("command:sleep 600", &env, &c), PAB_E_CANCELLED);
    ck_assert_ptr_null(c);
    pab_cancel_reset();
}
END_TEST

START_TEST(a_literal_works_with_a_warning_that_does_not_show_it)
{
    struct pab_config_env env = test_env();
    expect(SECRET, &env, SECRET);
    ck_assert_str_eq(pab_buf_str(&warnings), "t.yaml:1:11: o.password: the secret itself stands in the file: better write env:NAME, "
                                             "file:PATH or command:PROGRAM\n");
    env.warn = NULL;
    expect("12345678", &env, "12345678");
}
END_TEST

START_TEST(what_cannot_be_a_secret_is_refused)
{
    struct pab_config_env env = test_env();
    refuse("", &env, "o.password: expected a secret: env:NAME, file:PATH or command:PROGRAM, found nothing");
    refuse("''", &env, "the secret is empty");
    refuse("[" SECRET "]", &env, "expected a secret: env:NAME, file:PATH or command:PROGRAM, found a list");
    refuse("{a: " SECRET "}", &env, "found another map");
    refuse("${" SECRET "}", &env, "variables in '${...}' are not expanded");
}
END_TEST

START_TEST(unresolved_secrets_are_checked_for_their_form_only)
{
    struct pab_config_env env = test_env();
    env.resolve_secrets = 0;
    static const char *const fine[] = { "env:PAB_T_MISSING", "file:missing", "command:/nonexistent", "{command: [/nonexistent]}", "command:[/nonexistent]", SECRET };
    unsetenv("PAB_T_MISSING");
    for (size_t i = 0; i < COUNT(fine); i++) {
        CONFIG c = NULL;
        ck_assert_msg(resolve(fine[i], &env, &c) == PAB_OK, "%s", last_error.message);
        ck_assert_ptr_null(pab_config_str(c, "password"));
        ck_assert(pab_config_has(c, "password"));
    }
    refuse("'env:'", &env, "not followed by");
    refuse("[a]", &env, "found a list");
}
END_TEST

UNIT_MAIN("secretref", env_takes_the_environment_first_and_then_env_file, a_variable_that_is_not_set_is_named_with_its_place,
          file_is_relative_to_the_job_and_loses_one_newline, a_file_that_others_can_read_is_a_warning, files_that_hold_no_secret_are_refused,
          a_command_gives_its_output_without_a_shell, a_command_that_fails_or_says_nothing_is_refused, a_command_ends_when_the_user_cancels,
          a_literal_works_with_a_warning_that_does_not_show_it, what_cannot_be_a_secret_is_refused,
          unresolved_secrets_are_checked_for_their_form_only)

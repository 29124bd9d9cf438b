/* check_log.c - log.h, secret.h: what is printed, in which form, and what never is. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "tests/unit/unit.h"

#define SECRET "hunter22?/+\""

static int saved_stderr = -1, capture_fd = -1;
static char capture_path[] = "/tmp/pab-log-XXXXXX";

/* From here on stderr goes to a file. */
static void listen(const struct pab_log_opts *o)
{
    pab_log_setup(o);
    strcpy(capture_path + strlen(capture_path) - 6, "XXXXXX");
    capture_fd = mkstemp(capture_path);
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    dup2(capture_fd, STDERR_FILENO);
}

/* What came to stderr since. Caller frees. */
static char *heard(void)
{
    char *text = NULL;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(capture_fd);
    ck_assert_int_eq(pab_read_file(-1, capture_path, 1 << 20, &text, NULL, NULL), PAB_OK);
    unlink(capture_path);
    pab_log_setup(&(struct pab_log_opts){ .level = PAB_LL_INFO });
    pab_log_set_file(-1);
    return text;
}

START_TEST(lines_name_their_level_only_when_it_matters)
{
    listen(&(struct pab_log_opts){ .level = PAB_LL_DEBUG });
    pab_logf(PAB_LL_DEBUG, NULL, "d %d", 1);
    pab_logf(PAB_LL_VERBOSE, NULL, "v");
    pab_logf(PAB_LL_INFO, "db", "i");
    pab_logf(PAB_LL_WARNING, "db", "w");
    pab_logf(PAB_LL_ERROR, NULL, "e");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "debug: d 1\nv\ndb: i\nwarning: db: w\nerror: e\n");
}
END_TEST

START_TEST(what_is_below_the_level_is_not_printed)
{
    listen(&(struct pab_log_opts){ .level = PAB_LL_WARNING });
    pab_logf(PAB_LL_INFO, NULL, "no");
    pab_logf(PAB_LL_WARNING, NULL, "yes");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "warning: yes\n");
}
END_TEST

START_TEST(the_file_gets_more_than_stderr_with_its_time)
{
    char path[] = "/tmp/pab-logfile-XXXXXX";
    int fd = mkstemp(path);
    setenv("TZ", "UTC", 1);
    setenv("PABENGINE_TEST_NOW", "1705834800", 1);
    listen(&(struct pab_log_opts){ .level = PAB_LL_ERROR });
    pab_log_set_file(fd);
    pab_logf(PAB_LL_DEBUG, NULL, "not even there");
    pab_logf(PAB_LL_VERBOSE, "db", "only there");
    pab_logf(PAB_LL_ERROR, NULL, "both");
    pab_log_set_file(-1);
    pab_logf(PAB_LL_VERBOSE, NULL, "nowhere");
    CLEANUP_FREE char *text = heard();
    CLEANUP_FREE char *file = NULL;
    ck_assert_int_eq(pab_read_file(-1, path, 4096, &file, NULL, NULL), PAB_OK);
    ck_assert_str_eq(text, "error: both\n");
    ck_assert_str_eq(file, "2024-01-21T11:00:00+00:00 verbose db: only there\n2024-01-21T11:00:00+00:00 error both\n");
    close(fd);
    unlink(path);
    unsetenv("PABENGINE_TEST_NOW");
}
END_TEST

START_TEST(json_lines_are_json_whatever_was_said)
{
    setenv("TZ", "UTC", 1);
    setenv("PABENGINE_TEST_NOW", "1705834800", 1);
    listen(&(struct pab_log_opts){ .level = PAB_LL_INFO, .json = 1 });
    pab_logf(PAB_LL_INFO, NULL, "plain");
    pab_logf(PAB_LL_WARNING, "d\"b", "a\\b\nc\t\x01\xff\xc3\xa4");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "{\"time\": \"2024-01-21T11:00:00+00:00\", \"level\": \"info\", \"target\": null, \"message\": \"plain\"}\n"
                           "{\"time\": \"2024-01-21T11:00:00+00:00\", \"level\": \"warning\", \"target\": \"d\\\"b\", "
                           "\"message\": \"a\\\\b\\nc\\u0009\\u0001\xef\xbf\xbd\xc3\xa4\"}\n");
    unsetenv("PABENGINE_TEST_NOW");
}
END_TEST

START_TEST(no_message_can_drive_the_terminal_or_forge_a_line)
{
    listen(&(struct pab_log_opts){ .level = PAB_LL_INFO });
    pab_logf(PAB_LL_INFO, NULL, "a\033[2J\r\nerror: forged\x9b\n\n");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "a\\x1b[2J\\x0d\n    error: forged\\x9b\n");
}
END_TEST

START_TEST(colours_are_only_where_they_are_wanted)
{
    listen(&(struct pab_log_opts){ .level = PAB_LL_INFO, .color = 1 });
    pab_logf(PAB_LL_ERROR, NULL, "red");
    pab_logf(PAB_LL_INFO, NULL, "plain");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "\033[31merror:\033[0m red\nplain\n");
}
END_TEST

static char order[16];
static void before(void) { strcat(order, "b"); }
static void after(void) { strcat(order, "a"); }

START_TEST(hooks_surround_a_line_on_stderr_alone)
{
    listen(&(struct pab_log_opts){ .level = PAB_LL_INFO });
    pab_log_set_hooks(before, after);
    pab_logf(PAB_LL_INFO, NULL, "x");
    pab_logf(PAB_LL_DEBUG, NULL, "y");
    pab_log_set_hooks(NULL, NULL);
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(order, "ba");
    order[0] = '\0';
}
END_TEST

/* As systemd sets it for what it starts: the device and inode of stderr. */
static void be_journal_stream(int fd)
{
    char text[64];
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", text, 1);
}

START_TEST(each_line_tells_journald_its_priority)
{
    listen(&(struct pab_log_opts){ .level = PAB_LL_DEBUG });
    be_journal_stream(STDERR_FILENO);
    pab_logf(PAB_LL_ERROR, "db", "no answer\nDETAIL: none");
    pab_logf(PAB_LL_WARNING, NULL, "<0>not an emergency");
    pab_logf(PAB_LL_INFO, NULL, "done");
    pab_logf(PAB_LL_VERBOSE, NULL, "more");
    pab_logf(PAB_LL_DEBUG, NULL, "most");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "<3>error: db: no answer\n<3>    DETAIL: none\n<4>warning: <0>not an emergency\n<6>done\n<7>more\n<7>debug: most\n");
    unsetenv("JOURNAL_STREAM");
}
END_TEST

START_TEST(a_stderr_that_journald_does_not_read_gets_no_priorities)
{
    be_journal_stream(STDOUT_FILENO); /* the user sends stderr elsewhere: 2>file in a unit */
    listen(&(struct pab_log_opts){ .level = PAB_LL_INFO });
    pab_logf(PAB_LL_INFO, NULL, "one");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    pab_logf(PAB_LL_INFO, NULL, "two");
    CLEANUP_FREE char *text = heard();
    ck_assert_str_eq(text, "one\ntwo\n");
    unsetenv("JOURNAL_STREAM");
}
END_TEST

static void *talk(void *arg)
{
    for (int i = 0; i < 200; i++) pab_logf(PAB_LL_INFO, "thread", "line of %s", (const char *)arg);
    return NULL;
}

START_TEST(lines_of_threads_do_not_mix)
{
    pthread_t threads[3];
    char names[3][6] = { "one", "two", "three" };
    listen(&(struct pab_log_opts){ .level = PAB_LL_INFO });
    for (int i = 0; i < 3; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, talk, names[i]), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    CLEANUP_FREE char *text = heard();
    int lines = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1, lines++) {
        size_t n = strcspn(line, "\n");
        ck_assert_msg(strncmp(line, "thread: line of ", 16) == 0 && n - 16 >= 3 && n - 16 <= 5, "%.*s", (int)n, line);
    }
    ck_assert_int_eq(lines, 600);
}
END_TEST

static void masks(const char *text, const char *shown)
{
    CLEANUP_FREE char *got = pab_secret_mask(text);
    ck_assert_str_eq(got, shown);
}

START_TEST(a_secret_is_masked_wherever_it_stands)
{
    pab_secret_register(SECRET);
    masks("password " SECRET, "password ***");
    masks(SECRET SECRET, "******");
    masks("no hunter2 here", "no hunter2 here");
    masks("", "");
    ck_assert_ptr_null(pab_secret_mask(NULL));
    pab_secret_clear_all();
    masks(SECRET, SECRET);
}
END_TEST

START_TEST(its_encoded_forms_are_masked_too)
{
    pab_secret_register(SECRET);
    masks("postgres://u:hunter22%3F%2F%2B%22@h/db", "postgres://u:***@h/db");
    masks("postgres://u:hunter22%3f%2f%2b%22@h/db", "postgres://u:***@h/db");
    masks("{\"password\": \"hunter22?/+\\\"\"}", "{\"password\": \"***\"}");
    pab_secret_clear_all();
    pab_secret_register("line one\n\tline two");
    masks("{\"key\": \"line one\\n\\tline two\"}", "{\"key\": \"***\"}");
    pab_secret_clear_all();
}
END_TEST

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64(const char *in, char *out)
{
    size_t n = strlen(in);
    for (size_t i = 0; i < n; i += 3) {
        unsigned long v = (unsigned long)(unsigned char)in[i] << 16 | (i + 1 < n ? (unsigned long)(unsigned char)in[i + 1] << 8 : 0) | (i + 2 < n ? (unsigned char)in[i + 2] : 0);
        *out++ = b64[v >> 18 & 63];
        *out++ = b64[v >> 12 & 63];
        *out++ = i + 1 < n ? b64[v >> 6 & 63] : '=';
        *out++ = i + 2 < n ? b64[v & 63] : '=';
    }
    *out = '\0';
}

START_TEST(base64_gives_at_most_a_digit_or_two_of_it_away)
{
    static const char *const around[] = { "%s", "u:%s", "us:%s", "use:%s", "%s:x", "u:%s:xy", "user:%s:xyz" };
    pab_secret_register("correct horse battery");
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        char plain[100], encoded[200];
        CLEANUP_FREE char *text = pab_sprintf(around[i], "correct horse battery"); /* the formats stand above */
        snprintf(plain, sizeof plain, "%s", text);
        base64(plain, encoded);
        CLEANUP_FREE char *shown = pab_secret_mask(encoded);
        ck_assert_msg(strstr(shown, "***") != NULL, "%s shows as %s", encoded, shown);
        size_t rest = strlen(encoded) - 28;
        ck_assert_msg(strlen(shown) <= rest + 3 + 4, "%s shows as %s", encoded, shown);
    }
    pab_secret_clear_all();
}
END_TEST

START_TEST(short_values_are_not_masked_or_nothing_could_be_read)
{
    pab_secret_register("abc");
    pab_secret_register("");
    pab_secret_register(NULL);
    masks("abcabc", "abcabc");
    pab_secret_register("abcd");
    masks("abcdabc", "***abc");
    pab_secret_clear_all();
}
END_TEST

START_TEST(a_secret_inside_another_does_not_spoil_its_masking)
{
    pab_secret_register("word");
    pab_secret_register("password1");
    masks("my password1!", "my ***!");
    masks("a word", "a ***");
    pab_secret_clear_all();
}
END_TEST

START_TEST(lines_of_a_key_are_masked_one_by_one)
{
    pab_secret_register("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nab\n-----END KEY-----\n");
    masks("tool: MIIEvQIBADANBgkqhkiG9w0BAQ; ab", "tool: ***; ab");
    pab_secret_clear_all();
}
END_TEST

START_TEST(a_cut_text_does_not_show_the_beginning_of_a_secret)
{
    pab_secret_register("correct horse battery");
    char cut[20] = "password correct ho"; /* 19 bytes and the NUL: there was more */
    pab_secret_mask_inplace(cut, sizeof cut);
    ck_assert_str_eq(cut, "password ***");
    char whole[40] = "password correct hor";
    pab_secret_mask_inplace(whole, sizeof whole); /* not cut: that is all it says */
    ck_assert_str_eq(whole, "password correct hor");
    pab_secret_clear_all();
}
END_TEST

START_TEST(no_secret_comes_through_the_log)
{
    pab_secret_register(SECRET);
    for (int json = 0; json < 2; json++) {
        listen(&(struct pab_log_opts){ .level = PAB_LL_INFO, .json = json });
        pab_logf(PAB_LL_ERROR, "db", "server said: '%s'", SECRET);
        CLEANUP_FREE char *text = heard();
        ck_assert_ptr_null(strstr(text, "hunter22"));
        ck_assert_ptr_nonnull(strstr(text, "server said: '***'"));
    }
    pab_secret_clear_all();
}
END_TEST

START_TEST(wiped_memory_is_zero)
{
    char text[] = SECRET;
    pab_secret_wipe(text, sizeof text);
    for (size_t i = 0; i < sizeof text; i++) ck_assert_int_eq(text[i], 0);
    pab_secret_wipe(NULL, 0);
}
END_TEST

static void *register_many(void *arg)
{
    for (int i = 0; i < 100; i++) {
        CLEANUP_FREE char *value = pab_sprintf("secret-%d-%d", *(int *)arg, i);
        pab_secret_register(value);
        CLEANUP_FREE char *shown = pab_secret_mask(value);
        if (strcmp(shown, "***") != 0) *(int *)arg = -1;
    }
    return NULL;
}

START_TEST(threads_may_register_while_others_mask)
{
    pthread_t threads[3];
    int numbers[] = { 1, 2, 3 };
    for (int i = 0; i < 3; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, register_many, &numbers[i]), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(numbers[i], i + 1);
    pab_secret_clear_all();
}
END_TEST

UNIT_MAIN("log", lines_name_their_level_only_when_it_matters, what_is_below_the_level_is_not_printed, the_file_gets_more_than_stderr_with_its_time,
          json_lines_are_json_whatever_was_said, no_message_can_drive_the_terminal_or_forge_a_line, colours_are_only_where_they_are_wanted,
          hooks_surround_a_line_on_stderr_alone, each_line_tells_journald_its_priority, a_stderr_that_journald_does_not_read_gets_no_priorities, lines_of_threads_do_not_mix, a_secret_is_masked_wherever_it_stands, its_encoded_forms_are_masked_too,
          base64_gives_at_most_a_digit_or_two_of_it_away, short_values_are_not_masked_or_nothing_could_be_read,
          a_secret_inside_another_does_not_spoil_its_masking, lines_of_a_key_are_masked_one_by_one, a_cut_text_does_not_show_the_beginning_of_a_secret,
          no_secret_comes_through_the_log, wiped_memory_is_zero, threads_may_register_while_others_mask)

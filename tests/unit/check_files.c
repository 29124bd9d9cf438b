/* check_files.c - the files plugin against a host that keeps what it was told. Options come through the real tables and YAML. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/fsutil.h"
#include "core/config/options.h"
#include "plugins/files/files.h"
#include "tests/unit/unit.h"

static struct told {
    struct pab_buf warnings, plan, objects;
    char failure[1024];
    int code, cancelled;
    const struct pab_entry *entries; /* of the one artifact */
    size_t entry_count, next;
} told;

static void t_log(struct pab_op *op, int32_t level, const char *fmt, ...) { (void)op, (void)level, (void)fmt; }
static int32_t t_fail(struct pab_op *op, int32_t code, int32_t os_errno, const char *hint, const char *fmt, ...)
{
    (void)op, (void)os_errno, (void)hint;
    va_list ap;
    va_start(ap, fmt);
    if (!told.code) vsnprintf(told.failure, sizeof told.failure, fmt, ap);
    va_end(ap);
    told.code = code;
    return code;
}
static void t_retryable(struct pab_op *op, int32_t retryable) { (void)op, (void)retryable; }
static void t_warn(struct pab_op *op, const char *object, const char *fmt, ...)
{
    (void)op, (void)object;
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    pab_buf_addf(&told.warnings, "%s\n", text);
}
static int32_t t_cancelled(struct pab_op *op) { (void)op; return told.cancelled; }
static int32_t t_object(struct pab_op *op, const struct pab_object *o, const struct pab_kv *attrs, uint64_t n)
{
    (void)op, (void)attrs, (void)n;
    pab_buf_addf(&told.objects, "%s %llu %s\n", o->id, (unsigned long long)o->size, o->detail ? o->detail : "");
    return PAB_OK;
}
static int32_t t_fact(struct pab_op *op, const char *key, const char *value) { (void)op, (void)key, (void)value; return PAB_OK; }
static int32_t t_plan(struct pab_op *op, const struct pab_plan *p)
{
    (void)op;
    pab_buf_addf(&told.plan, "%u %s: %s\n", p->action, p->object, p->detail);
    return PAB_OK;
}
static int32_t t_open(struct pab_op *op, uint32_t index, uint32_t mode, struct pab_reader **ret)
{
    (void)op, (void)index;
    ck_assert_uint_eq(mode, PAB_OPEN_INDEX);
    told.next = 0;
    *ret = NULL;
    return PAB_OK;
}
static int32_t t_next(struct pab_reader *r, struct pab_entry *e)
{
    (void)r;
    if (told.next == told.entry_count) return PAB_END;
    *e = told.entries[told.next++];
    return PAB_OK;
}
static void t_close(struct pab_reader *r) { (void)r; }

static const struct pab_host host = {
    .struct_size = sizeof host, .abi_major = PAB_ABI_MAJOR, .log = t_log, .fail_with = t_fail, .set_retryable = t_retryable, .warn = t_warn,
    .cancelled = t_cancelled, .config_has = pab_config_has, .config_str = pab_config_str, .config_int = pab_config_int,
    .config_count = pab_config_count, .config_item = pab_config_item, .config_record = pab_config_record, .config_where = pab_config_where,
    .object_add = t_object, .fact = t_fact, .plan_add = t_plan, .artifact_open = t_open, .tree_next = t_next, .artifact_close = t_close,
};
static struct pab_op op = { &host };

/* An instance from the YAML of its options, with everything it stands on; root: a fresh folder. */
static struct {
    char root[64];
    struct pab_node *node;
    struct pab_config *config;
    void *files;
    int fd;
} it;

static int open_files(const char *yaml)
{
    struct pab_error err = { 0 };
    const struct pab_plugin *p = pab_plugin_init();
    struct pab_config_env env = { .file = "job.yaml", .dir = "/", .resolve_secrets = 1 };
    memset(&told, 0, sizeof told);
    snprintf(it.root, sizeof it.root, "/tmp/pab-check-files-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(it.root));
    CLEANUP_FREE char *text = pab_sprintf("root: %s\n%s", it.root, yaml);
    ck_assert_msg(!pab_node_parse(text, strlen(text), "job.yaml", &it.node, &err), "%s", err.message);
    ck_assert_msg(!pab_config_check(it.node, p->options, p->option_count, p->option_stride, &env, "options", &it.config, &err), "%s", err.message);
    it.fd = open(it.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return p->open(&op, it.config, &it.files);
}

static void done(void)
{
    struct pab_error err = { 0 };
    pab_plugin_init()->close(it.files);
    pab_config_free(it.config);
    pab_node_free(it.node);
    if (it.fd >= 0) close(it.fd);
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, it.root, &err), PAB_OK);
    pab_buf_release(&told.warnings);
    pab_buf_release(&told.plan);
    pab_buf_release(&told.objects);
    memset(&it, 0, sizeof it);
}

static void put(const char *path, const char *text)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *dir = pab_strdup(path);
    char *slash = strrchr(dir, '/');
    if (slash) {
        *slash = '\0';
        ck_assert_int_eq(pab_mkdirs(it.fd, dir, 0755, &err), PAB_OK);
    }
    ck_assert_int_eq(pab_write_file_atomic(it.fd, path, text, strlen(text), 0644, &err), PAB_OK);
}

static int add_name(void *ctx, const char *path, const struct stat *st)
{
    (void)st;
    pab_strs_add(ctx, path);
    return 0;
}
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* What the first set matches, sorted, joined with spaces. */
static const char *matched(void)
{
    static char line[512];
    const struct files *f = it.files;
    struct pab_strs names = { 0 };
    ck_assert_int_eq(files_scan(f, &f->sets.items[0], &op, it.fd, add_name, &names), PAB_OK);
    if (names.count) qsort(names.items, names.count, sizeof *names.items, by_text);
    line[0] = '\0';
    for (size_t i = 0; i < names.count; i++) snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", i ? " " : "", names.items[i]);
    pab_strs_release(&names);
    return line;
}

START_TEST(a_pattern_starts_at_the_root)
{
    ck_assert_int_eq(open_files("sets: {env: [.env]}\n"), PAB_OK);
    put(".env", "A=1");
    put("deep/.env", "A=2");
    ck_assert_str_eq(matched(), ".env");
    done();
}
END_TEST

START_TEST(two_stars_reach_into_every_folder)
{
    ck_assert_int_eq(open_files("sets: {env: [\"**/.env\"]}\n"), PAB_OK);
    put(".env", "A=1");
    put("a/b/.env", "A=2");
    ck_assert_str_eq(matched(), ".env a/b/.env");
    done();
}
END_TEST

START_TEST(a_folder_is_taken_with_all_below)
{
    ck_assert_int_eq(open_files("sets: {docs: [docs/, README.md]}\n"), PAB_OK);
    put("docs/a/b.md", "");
    put("README.md", "");
    put("other/docs/c.md", "");
    ck_assert_str_eq(matched(), "README.md docs docs/a docs/a/b.md");
    done();
}
END_TEST

START_TEST(excluded_files_and_kept_old_ones_are_left_out)
{
    ck_assert_int_eq(open_files("sets: {docs: [docs]}\nexclude: [\"*.tmp\", cache/]\n"), PAB_OK);
    put("docs/a.md", "");
    put("docs/a.md.pab-old", "");
    put("docs/a.md.pab-old.2", "");
    put("docs/a.md.pab-old.9999", "");
    put("docs/x.tmp", "");
    put("docs/cache/y", "");
    ck_assert_str_eq(matched(), "docs docs/a.md");
    done();
}
END_TEST

START_TEST(a_symlink_is_not_followed)
{
    ck_assert_int_eq(open_files("sets: {docs: [docs]}\n"), PAB_OK);
    put("docs/a.md", "");
    ck_assert_int_eq(symlinkat("/etc", it.fd, "docs/etc"), 0);
    ck_assert_str_eq(matched(), "docs docs/a.md docs/etc");
    done();
}
END_TEST

START_TEST(a_pattern_that_leads_out_is_refused)
{
    static const char *const bad[] = { "..", "../x", "a/../../x", "a/.." };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CLEANUP_FREE char *yaml = pab_sprintf("sets: {s: [\"%s\"]}\n", bad[i]);
        ck_assert_int_eq(open_files(yaml), PAB_E_CONFIG);
        ck_assert_msg(strstr(told.failure, "leads out of the root") && strstr(told.failure, "job.yaml:2:"), "%s", told.failure);
        done();
    }
}
END_TEST

START_TEST(a_required_set_that_does_not_exist_is_refused)
{
    ck_assert_int_eq(open_files("sets: {env: [.env]}\nrequired: [evn]\n"), PAB_E_CONFIG);
    ck_assert_msg(strstr(told.failure, "there is no set 'evn'"), "%s", told.failure);
    done();
}
END_TEST

START_TEST(check_warns_of_an_empty_set_and_fails_on_a_required_one)
{
    ck_assert_int_eq(open_files("sets: {env: [.env], docs: [docs]}\nrequired: [env]\n"), PAB_OK);
    put(".env", "");
    ck_assert_int_eq(files_check(it.files, &op, NULL), PAB_OK);
    ck_assert_msg(strstr(pab_buf_str(&told.warnings), "set 'docs' matches nothing"), "%s", pab_buf_str(&told.warnings));
    ck_assert_int_eq(unlinkat(it.fd, ".env", 0), 0);
    ck_assert_int_eq(files_check(it.files, &op, NULL), PAB_E_NOT_FOUND);
    ck_assert_msg(strstr(told.failure, "set 'env' is required"), "%s", told.failure);
    done();
}
END_TEST

START_TEST(discover_counts_files_and_bytes)
{
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    ck_assert_int_eq(open_files("sets: {env: [.env], docs: [\"docs/*.md\"]}\n"), PAB_OK);
    put(".env", "12345");
    put("docs/a.md", "1");
    put("docs/b.md", "22");
    ck_assert_int_eq(files_discover(it.files, &op, &req), PAB_OK);
    ck_assert_str_eq(pab_buf_str(&told.objects), "env 5 1 file\ndocs 3 2 files\n");
    done();
}
END_TEST

START_TEST(a_missing_root_is_named)
{
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    ck_assert_int_eq(open_files("sets: {env: [.env]}\n"), PAB_OK);
    ck_assert_int_eq(rmdir(it.root), 0);
    ck_assert_int_eq(files_discover(it.files, &op, &req), PAB_E_NOT_FOUND);
    ck_assert_msg(strstr(told.failure, it.root), "%s", told.failure);
    done();
}
END_TEST

START_TEST(a_cancelled_scan_stops)
{
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    ck_assert_int_eq(open_files("sets: {env: [.env]}\n"), PAB_OK);
    told.cancelled = 1;
    ck_assert_int_eq(files_discover(it.files, &op, &req), PAB_E_CANCELLED);
    done();
}
END_TEST

#define SHA_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct pab_entry file_entry(const char *path, uint64_t size, const char *sha256)
{
    return (struct pab_entry){ .struct_size = sizeof(struct pab_entry), .type = PAB_TYPE_FILE, .mode = 0644, .uid = geteuid(), .gid = getegid(),
                               .path = path, .size = size, .sha256 = sha256, .mtime_ns = 1700000000123456789 };
}
static void set_time(const char *path)
{
    struct timespec t[2] = { { .tv_sec = 1700000000, .tv_nsec = 123456789 }, { .tv_sec = 1700000000, .tv_nsec = 123456789 } };
    ck_assert_int_eq(utimensat(it.fd, path, t, 0), 0);
}
static struct pab_artifact_info info = { .struct_size = sizeof info, .kind = PAB_KIND_TREE, .category = PAB_CAT_CONFIG, .object = "s" };
static struct pab_restore_req request(uint32_t flags)
{
    return (struct pab_restore_req){ .struct_size = sizeof(struct pab_restore_req), .flags = flags, .artifacts = &info, .artifact_count = 1, .artifact_stride = sizeof info };
}

START_TEST(a_difference_in_content_mode_or_presence_is_found)
{
    struct files_diff d = FILES_DIFF_INIT;
    struct pab_restore_req req = request(0);
    struct pab_entry e[] = { file_entry("same", 3, SHA_OF_ABC), file_entry("other", 3, SHA_OF_ABC), file_entry("gone", 0, SHA_OF_NOTHING), file_entry("mode", 0, SHA_OF_NOTHING) };
    ck_assert_int_eq(open_files("sets: {s: [\"*\"]}\n"), PAB_OK);
    put("same", "abc");
    put("other", "abd");
    put("mode", "");
    put("new", "");
    set_time("same");
    set_time("mode");
    ck_assert_int_eq(fchmodat(it.fd, "mode", 0600, 0), 0);
    told.entries = e, told.entry_count = 4;
    ck_assert_int_eq(files_diff(it.files, &op, &req, 0, it.fd, &d), PAB_OK);
    ck_assert_uint_eq(d.same, 1);
    ck_assert_uint_eq(d.changed, 1);
    ck_assert_uint_eq(d.missing, 1);
    ck_assert_uint_eq(d.touched, 1);
    ck_assert_uint_eq(d.extra, 1);
    ck_assert_uint_eq(d.bytes, 3);
    ck_assert(files_paths_has(&d.write, "other") && files_paths_has(&d.write, "gone") && !files_paths_has(&d.write, "same"));
    ck_assert(files_paths_has(&d.touch, "mode"));
    ck_assert_str_eq(pab_buf_str(&d.names), "other changed, gone missing, new extra");
    files_diff_release(&d);
    done();
}
END_TEST

START_TEST(a_hard_link_follows_its_file)
{
    struct files_diff d = FILES_DIFF_INIT;
    struct pab_restore_req req = request(0);
    struct pab_entry e[] = { file_entry("a", 3, SHA_OF_ABC), { .struct_size = sizeof *e, .type = PAB_TYPE_HARDLINK, .path = "b", .link = "a" } };
    ck_assert_int_eq(open_files("sets: {s: [\"*\"]}\n"), PAB_OK);
    put("a", "changed since");
    ck_assert_int_eq(linkat(it.fd, "a", it.fd, "b", 0), 0);
    told.entries = e, told.entry_count = 2;
    ck_assert_int_eq(files_diff(it.files, &op, &req, 0, it.fd, &d), PAB_OK);
    ck_assert_uint_eq(d.changed, 1);
    ck_assert(files_paths_has(&d.write, "b"));
    files_diff_release(&d);
    done();
}
END_TEST

START_TEST(a_path_through_a_symlink_counts_as_missing)
{
    struct files_diff d = FILES_DIFF_INIT;
    struct pab_restore_req req = request(0);
    struct pab_entry e[] = { file_entry("link/passwd", 3, SHA_OF_ABC) };
    ck_assert_int_eq(open_files("sets: {s: [\"*\"]}\n"), PAB_OK);
    ck_assert_int_eq(symlinkat("/etc", it.fd, "link"), 0);
    told.entries = e, told.entry_count = 1;
    ck_assert_int_eq(files_diff(it.files, &op, &req, 0, it.fd, &d), PAB_OK);
    ck_assert_uint_eq(d.missing, 1);
    files_diff_release(&d);
    done();
}
END_TEST

START_TEST(the_plan_sums_up_and_changes_nothing)
{
    struct pab_restore_req req = request(PAB_RESTORE_PLAN);
    struct pab_entry e[] = { file_entry("a", 3, SHA_OF_ABC) };
    ck_assert_int_eq(open_files("sets: {s: [\"*\"]}\n"), PAB_OK);
    put("a", "xyz");
    told.entries = e, told.entry_count = 1;
    ck_assert_int_eq(files_restore(it.files, &op, &req), PAB_OK);
    ck_assert_msg(strstr(pab_buf_str(&told.plan), "1 changed, 0 missing, 0 unchanged") && strstr(pab_buf_str(&told.plan), "stay as NAME.pab-old"), "%s", pab_buf_str(&told.plan));
    CLEANUP_FREE char *text = NULL;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_read_file(it.fd, "a", 100, &text, NULL, &err), PAB_OK);
    ck_assert_str_eq(text, "xyz");
    done();
}
END_TEST

START_TEST(cleanup_removes_what_was_kept_of_the_backups_own_files_only)
{
    struct pab_restore_req req = request(PAB_RESTORE_CLEANUP);
    struct pab_entry e[] = { file_entry("a", 3, SHA_OF_ABC) };
    ck_assert_int_eq(open_files("sets: {s: [\"*\"]}\n"), PAB_OK);
    put("a", "new");
    put("a.pab-old", "old");
    static const char *const kept[] = { "a.pab-old", "a.pab-old.3", "a.pab-old.4" };
    static const char *const others[] = { "a", "mine.pab-old", "a.pab-old.1", "a.pab-old.txt", "aa.pab-old.2" };
    for (size_t i = 1; i < sizeof kept / sizeof *kept; i++) put(kept[i], "old");
    for (size_t i = 1; i < sizeof others / sizeof *others; i++) put(others[i], "not of a restore");
    told.entries = e, told.entry_count = 1;
    ck_assert_int_eq(files_restore(it.files, &op, &req), PAB_OK);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) ck_assert_int_ne(faccessat(it.fd, kept[i], F_OK, 0), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) ck_assert_int_eq(faccessat(it.fd, others[i], F_OK, 0), 0);
    done();
}
END_TEST

START_TEST(verify_compares_the_count_of_files)
{
    struct pab_kv counts[] = { { "files", "2" } };
    struct pab_artifact_info a = info;
    struct pab_verify_req req = { .struct_size = sizeof req, .artifacts = &a, .artifact_count = 1, .artifact_stride = sizeof a };
    struct pab_entry e[] = { file_entry("a", 3, SHA_OF_ABC), file_entry("b", 3, SHA_OF_ABC) };
    a.counts = counts, a.count_count = 1, a.path = "config/s.tar.gz";
    ck_assert_int_eq(open_files("sets: {s: [\"*\"]}\n"), PAB_OK);
    told.entries = e, told.entry_count = 2;
    ck_assert_int_eq(files_verify(it.files, &op, &req), PAB_OK);
    told.entry_count = 1;
    ck_assert_int_eq(files_verify(it.files, &op, &req), PAB_E_CORRUPT);
    ck_assert_msg(strstr(told.failure, "'config/s.tar.gz' lists 1 files, 2 were stored"), "%s", told.failure);
    done();
}
END_TEST

UNIT_MAIN("files", a_pattern_starts_at_the_root, two_stars_reach_into_every_folder, a_folder_is_taken_with_all_below,
          excluded_files_and_kept_old_ones_are_left_out, a_symlink_is_not_followed, a_pattern_that_leads_out_is_refused,
          a_required_set_that_does_not_exist_is_refused, check_warns_of_an_empty_set_and_fails_on_a_required_one,
          discover_counts_files_and_bytes, a_missing_root_is_named, a_cancelled_scan_stops,
          a_difference_in_content_mode_or_presence_is_found, a_hard_link_follows_its_file, a_path_through_a_symlink_counts_as_missing,
          the_plan_sums_up_and_changes_nothing, cleanup_removes_what_was_kept_of_the_backups_own_files_only,
          verify_compares_the_count_of_files)

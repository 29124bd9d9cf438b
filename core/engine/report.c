/* report.c - the report as a whole: verdict, targets, and the verb; see report.h. */
#include "core/engine/report_page.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/engine/session.h"

static void verdict(const struct pab_report *r, struct pab_buf *out)
{
    const struct pab_status *st = r->status;
    if (!st->newest) pab_buf_adds(out, "<span class=\"pill bad\">&#10007; no backup yet</span>");
    else if (st->late) pab_buf_adds(out, "<span class=\"pill bad\">&#10007; late</span>");
    else if (!st->incomplete && !st->warned) pab_buf_adds(out, "<span class=\"pill good\">&#10003; in order</span>");
    if (st->newest && st->incomplete) pab_buf_adds(out, "<span class=\"pill warn\">! incomplete</span>");
    else if (st->warned) pab_buf_adds(out, "<span class=\"pill warn\">! with warnings</span>");
}

static void header(const struct pab_report *r, struct pab_buf *out)
{
    pab_buf_adds(out, "<header>\n<h1>Backups of ");
    pab_html_text(out, r->job);
    pab_buf_adds(out, "</h1>");
    verdict(r, out);
    pab_buf_adds(out, "\n<p>");
    pab_html_text(out, r->store);
    pab_buf_adds(out, " &middot; as of ");
    pab_html_time(out, r->now_ns);
    pab_buf_adds(out, "</p>\n</header>\n");
}

static void card(struct pab_buf *out, const char *title, const char *value, const char *note)
{
    pab_buf_addf(out, "<div class=\"card\"><span>%s</span><b>", title);
    pab_html_text(out, value);
    pab_buf_adds(out, "</b><span>");
    pab_html_text(out, note);
    pab_buf_adds(out, "</span></div>\n");
}

static void cards(const struct pab_report *r, struct pab_buf *out)
{
    const struct pab_status *st = r->status;
    char ago[32], took[48] = "the store is empty", count[32], size[32], rpo[32];
    pab_buf_adds(out, "<div class=\"cards\">\n");
    card(out, "Last complete", st->complete ? pab_report_ago(st->complete_ns, r->now_ns, ago, sizeof ago) : "none", st->complete ? st->complete : "");
    if (st->newest) pab_format_ms(st->newest_ms, took, sizeof took);
    card(out, "Last run took", st->newest ? took : "no run yet", st->newest ? st->newest_status : "");
    card(out, "Backups", pab_format_count(st->backups, count, sizeof count), st->unreadable ? "some cannot be read" : "");
    card(out, "Size of all", pab_format_size(st->size, size, sizeof size), "shared files count in each");
    card(out, "May be as old as", r->rpo_ms ? pab_format_ms(r->rpo_ms, rpo, sizeof rpo) : "any age", r->rpo_ms ? "rpo of the job" : "the job names no rpo");
    pab_buf_adds(out, "</div>\n");
}

static void target_row(const struct pab_report *r, struct pab_buf *out, const struct pab_status_target *t)
{
    char ago[32];
    const char *class = t->late ? "bad" : t->problem || t->warning_count ? "warn" : "good";
    const char *word = !t->good ? "&#10007; never" : t->late ? "&#10007; late" : t->problem ? "! incomplete" : t->warning_count ? "! warnings" : "&#10003; good";
    pab_buf_adds(out, "<tr><td>");
    pab_html_text(out, t->name);
    pab_buf_adds(out, "</td><td>");
    pab_html_text(out, t->plugin);
    pab_buf_addf(out, "</td><td><span class=\"pill %s\">%s</span></td><td>", class, word);
    pab_html_text(out, t->good ? t->good : "none");
    pab_buf_addf(out, "</td><td class=\"nowrap\">%s</td><td>", t->good ? pab_report_ago(t->good_ns, r->now_ns, ago, sizeof ago) : "");
    pab_html_text(out, t->problem ? t->problem : "");
    for (size_t i = 0; i < t->warnings.count; i++) {
        pab_buf_adds(out, i || t->problem ? "<br>" : "");
        pab_html_text(out, t->warnings.items[i]);
    }
    if (t->warning_count > t->warnings.count) pab_buf_addf(out, "<br>and %zu more", t->warning_count - t->warnings.count);
    pab_buf_adds(out, "</td></tr>\n");
}

static void targets(const struct pab_report *r, struct pab_buf *out)
{
    pab_buf_adds(out, "<section id=\"targets\">\n<h2>Targets</h2>\n<div class=\"scroll\"><table><thead><tr><th>Target</th><th>Plugin</th><th>State</th><th>Last good backup</th><th>Age</th>"
                      "<th>What is wrong</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < r->status->count; i++) target_row(r, out, &r->status->targets[i]);
    pab_buf_adds(out, "</tbody></table></div>\n</section>\n");
}

void pab_report_html(const struct pab_report *r, struct pab_buf *out)
{
    pab_report_begin(r, out);
    header(r, out);
    cards(r, out);
    targets(r, out);
    pab_report_calendar(r, out);
    pab_report_sizes(r, out);
    pab_report_backups(r, out);
    pab_buf_adds(out, "<footer>Written by pabengine " PACKAGE_VERSION " from the manifests of the store. Runs that failed as a whole leave no backup and are not here.</footer>\n"
                      "</main>\n</body>\n</html>\n");
}

/* The latest backups are opened for their artifacts; one that vanishes meanwhile is shown without. */
static size_t open_latest(struct pab_store *store, struct pab_report *r, struct pab_backup **opened)
{
    size_t n = 0;
    for (size_t i = 0; i < r->list->count && n < PAB_REPORT_DETAILS; i++) {
        struct pab_error why = { 0 };
        if (!pab_report_is_ours(r, &r->list->items[i])) continue;
        opened[n] = NULL;
        r->whole[n] = pab_backup_open(store, r->list->items[i].name, &opened[n], &why) ? NULL : pab_backup_manifest(opened[n]);
        n++;
    }
    return n;
}

/* Who may read a page that is there already was decided by somebody; a new one is as private as the store. */
static int write_page(const char *file, const struct pab_buf *page, struct pab_error *err)
{
    struct stat st;
    mode_t mode = stat(file, &st) == 0 && S_ISREG(st.st_mode) ? st.st_mode & 0777 : 0600;
    return pab_write_file_atomic(AT_FDCWD, file, page->data, page->size, mode, err);
}

int pab_engine_report(struct pab_session *s, const char *file, struct pab_buf *out, struct pab_error *err)
{
    struct pab_store *store = NULL;
    struct pab_backup_list list = { 0 };
    struct pab_backup *opened[PAB_REPORT_DETAILS];
    struct pab_status st = { 0 };
    struct pab_status_job job = { .name = s->job->name, .targets = s->job->targets, .target_count = s->job->target_count, .rpo_ms = s->job->rpo_ms };
    struct pab_report r = { .job = s->job->name, .store = s->store_path, .rpo_ms = s->job->rpo_ms, .now_ns = pab_now_ns(), .list = &list, .status = &st };
    int rc = pab_store_open(s->store_path, 0, &store, err);
    if (!rc) rc = pab_store_list_heads(store, &list, err);
    int code = rc == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : PAB_EXIT_OK;
    if (!rc) {
        pab_status_of(&list, &job, r.now_ns, &st);
        r.whole_count = open_latest(store, &r, opened);
        pab_report_html(&r, out);
        code = pab_status_exit(&st);
        if (file) rc = write_page(file, out, err);
    }
    if (rc && code != PAB_EXIT_NO_STORE) code = pab_exit_of_error(err);
    for (size_t i = 0; i < r.whole_count; i++) pab_backup_close(opened[i]);
    pab_status_release(&st);
    pab_backup_list_release(&list);
    pab_store_close(store);
    return code;
}

/* report_backups.c - the report's list of backups, the latest with what they hold. */
#include "core/engine/report_page.h"

#include <string.h>

#include "core/base/str.h"

#define MAX_ROWS 500 /* artifacts of one backup */

static const char *state_class(const char *status) { return strcmp(status, "complete") == 0 ? "good" : "warn"; }

static void summary_line(struct pab_buf *out, const struct pab_report *r, const struct pab_backup_info *b)
{
    char ago[32], size[32];
    const struct pab_manifest *m = &b->manifest;
    pab_buf_adds(out, "<summary><span class=\"nowrap\">");
    pab_html_text(out, b->name);
    pab_buf_adds(out, "<small>");
    pab_html_time(out, m->started_ns);
    pab_buf_addf(out, ", %s</small></span><span class=\"kind\">", pab_report_ago(m->started_ns, r->now_ns, ago, sizeof ago));
    pab_html_text(out, m->kind);
    pab_buf_addf(out, "</span><span class=\"state\"><span class=\"pill %s\">", state_class(m->status));
    pab_html_text(out, m->status);
    pab_buf_addf(out, "</span></span><span class=\"num\">%s</span></summary>\n", pab_format_size(m->totals.size, size, sizeof size));
}

static void artifact_row(struct pab_buf *out, const struct pab_mf_target *t, const struct pab_mf_artifact *a)
{
    char size[32], content[32];
    pab_buf_adds(out, "<tr><td>");
    pab_html_text(out, t->name);
    pab_buf_adds(out, "</td><td>");
    pab_html_text(out, a->object);
    pab_buf_adds(out, "</td><td class=\"mono\">");
    pab_html_text(out, a->path);
    pab_buf_addf(out, "</td><td class=\"num\">%s</td><td class=\"num\">%s</td></tr>\n", pab_format_size(a->size, size, sizeof size),
                 pab_format_size(a->content_size, content, sizeof content));
}

static void target_notes(struct pab_buf *out, const struct pab_mf_target *t)
{
    if (t->status == PAB_MF_FAILED || t->status == PAB_MF_SKIPPED) {
        pab_buf_addf(out, "<p><span class=\"pill %s\">%s</span> ", t->status == PAB_MF_FAILED ? "bad" : "warn", t->status == PAB_MF_FAILED ? "failed" : "skipped");
        pab_html_textf(out, "%s%s%s", t->name, t->error.message[0] ? ": " : "", t->error.message);
        pab_buf_adds(out, "</p>\n");
    }
    for (size_t i = 0; i < t->warnings.count && i < 20; i++) {
        pab_buf_adds(out, "<p><span class=\"pill warn\">warning</span> ");
        pab_html_textf(out, "%s: %s", t->name, t->warnings.items[i]);
        pab_buf_adds(out, "</p>\n");
    }
    if (t->warnings.count > 20) pab_buf_addf(out, "<p>and %zu more warnings</p>\n", t->warnings.count - 20);
}

static void inside(struct pab_buf *out, const struct pab_manifest *m)
{
    char took[32], content[32];
    size_t rows = 0, all = 0;
    pab_buf_addf(out, "<div class=\"inside\">\n<p>Took %s; %s of content", pab_format_ms((m->finished_ns - m->started_ns) / 1000000, took, sizeof took),
                 pab_format_size(m->totals.content_size, content, sizeof content));
    pab_html_textf(out, "; host %s; pabengine %s", m->host, m->engine_version);
    if (m->parent) pab_html_textf(out, "; builds on %s", m->parent);
    pab_buf_adds(out, "</p>\n");
    for (size_t t = 0; t < m->targets.count; t++) target_notes(out, &m->targets.items[t]);
    for (size_t t = 0; t < m->targets.count; t++) all += m->targets.items[t].artifacts.count;
    if (all) pab_buf_adds(out, "<div class=\"scroll\"><table><thead><tr><th>Target</th><th>Object</th><th>File</th><th class=\"num\">Size</th><th class=\"num\">Content</th></tr></thead><tbody>\n");
    for (size_t t = 0; t < m->targets.count; t++)
        for (size_t i = 0; i < m->targets.items[t].artifacts.count && rows < MAX_ROWS; i++, rows++) artifact_row(out, &m->targets.items[t], &m->targets.items[t].artifacts.items[i]);
    if (all) pab_buf_adds(out, "</tbody></table></div>\n");
    if (all > rows) pab_buf_addf(out, "<p class=\"note\">and %zu more</p>\n", all - rows);
    pab_buf_adds(out, "</div>\n");
}

static void older_row(struct pab_buf *out, const struct pab_backup_info *b)
{
    char size[32];
    const struct pab_manifest *m = &b->manifest;
    pab_buf_adds(out, "<tr><td>");
    pab_html_text(out, b->name);
    pab_buf_adds(out, "</td><td>");
    pab_html_time(out, m->started_ns);
    pab_buf_adds(out, "</td><td>");
    pab_html_text(out, m->kind);
    pab_buf_addf(out, "</td><td><span class=\"pill %s\">", state_class(m->status));
    pab_html_text(out, m->status);
    pab_buf_addf(out, "</span></td><td class=\"num\">%s</td></tr>\n", pab_format_size(m->totals.size, size, sizeof size));
}

static void unreadable(const struct pab_report *r, struct pab_buf *out)
{
    for (size_t i = 0; i < r->list->count; i++) {
        if (r->list->items[i].readable) continue;
        pab_buf_adds(out, "<p><span class=\"pill bad\">unreadable</span> ");
        pab_html_textf(out, "%s: %s", r->list->items[i].name, r->list->items[i].problem ? r->list->items[i].problem : "");
        pab_buf_adds(out, "</p>\n");
    }
}

void pab_report_backups(const struct pab_report *r, struct pab_buf *out)
{
    size_t shown = 0, older = 0;
    pab_buf_adds(out, "<section id=\"backups\">\n<h2>Backups, and what they hold</h2>\n");
    for (size_t i = 0; i < r->list->count; i++) {
        const struct pab_backup_info *b = &r->list->items[i];
        if (!pab_report_is_ours(r, b)) continue;
        if (shown < r->whole_count) {
            pab_buf_adds(out, "<details>");
            summary_line(out, r, b);
            inside(out, r->whole[shown++] ? r->whole[shown - 1] : &b->manifest);
            pab_buf_adds(out, "</details>\n");
            continue;
        }
        if (!older++)
            pab_buf_addf(out, "<details><summary><span>Older ones</span></summary>\n<div class=\"inside scroll\"><table><thead><tr><th>Name</th><th>Began</th>"
                              "<th>Kind</th><th>Status</th><th class=\"num\">Size</th></tr></thead><tbody>\n");
        older_row(out, b);
    }
    if (older) pab_buf_adds(out, "</tbody></table></div></details>\n");
    if (!shown && !older) pab_buf_adds(out, "<p class=\"empty\">There is no backup yet.</p>\n");
    unreadable(r, out);
    pab_buf_adds(out, "</section>\n");
}

/* report_charts.c - the drawings of the report: the calendar of runs and the sizes over time. */
#include "core/engine/report_page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/str.h"

#define NS_PER_S 1000000000LL
#define DAYS (PAB_REPORT_WEEKS * 7)
#define CELL 14
#define PITCH 18
#define LEFT 40
#define TOP 22

struct day { size_t complete, partial; };

/* Days since 1970 of the local date: differences of these are calendar days, whatever the clocks did in between. */
static int64_t local_day(int64_t ns, struct tm *ret)
{
    time_t t = (time_t)(ns / NS_PER_S);
    localtime_r(&t, ret);
    struct tm date = { .tm_year = ret->tm_year, .tm_mon = ret->tm_mon, .tm_mday = ret->tm_mday };
    return (int64_t)timegm(&date) / 86400;
}

static void date_of(int64_t day, struct tm *ret)
{
    time_t t = (time_t)(day * 86400);
    gmtime_r(&t, ret);
}

static void draw_day(struct pab_buf *out, const struct day *d, int64_t day, int column, int row, int today)
{
    char date[32];
    struct tm tm;
    int x = LEFT + column * PITCH, y = TOP + row * PITCH;
    date_of(day, &tm);
    strftime(date, sizeof date, "%a %Y-%m-%d", &tm);
    pab_buf_addf(out, "<g><title>%s: ", date);
    if (d->complete) pab_buf_addf(out, "%zu complete", d->complete);
    if (d->partial) pab_buf_addf(out, "%s%zu partial", d->complete ? ", " : "", d->partial);
    if (!d->complete && !d->partial) pab_buf_adds(out, "no backup");
    pab_buf_addf(out, "</title><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>", d->partial ? "d2" : d->complete ? "d1" : "d0", x, y, CELL, CELL);
    if (d->partial) pab_buf_addf(out, "<circle class=\"mark\" cx=\"%d\" cy=\"%d\" r=\"2.5\"/>", x + CELL / 2, y + CELL / 2);
    if (today) pab_buf_addf(out, "<rect class=\"today\" x=\"%d.5\" y=\"%d.5\" width=\"%d\" height=\"%d\" rx=\"4\"/>", x - 2, y - 2, CELL + 3, CELL + 3);
    pab_buf_adds(out, "</g>\n");
}

static void draw_months(struct pab_buf *out, int64_t first)
{
    static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int last = -1, last_column = -3;
    for (int column = 0; column < PAB_REPORT_WEEKS; column++) {
        struct tm tm;
        date_of(first + column * 7, &tm);
        int is_new = tm.tm_mon != last;
        last = tm.tm_mon;
        if (!is_new || column - last_column < 3 || (column == 0 && tm.tm_mday > 20)) continue;
        pab_buf_addf(out, "<text x=\"%d\" y=\"14\">%s</text>", LEFT + column * PITCH, names[tm.tm_mon]);
        last_column = column;
    }
    for (int row = 0; row < 7; row += 2)
        pab_buf_addf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", LEFT - 8, TOP + row * PITCH + 11, row == 0 ? "Mon" : row == 2 ? "Wed" : row == 4 ? "Fri" : "Sun");
    pab_buf_adds(out, "\n");
}

void pab_report_calendar(const struct pab_report *r, struct pab_buf *out)
{
    struct day days[DAYS] = { 0 };
    struct tm tm;
    int64_t today = local_day(r->now_ns, &tm);
    int weekday = (tm.tm_wday + 6) % 7; /* Monday first */
    int64_t first = today - weekday - (PAB_REPORT_WEEKS - 1) * 7;
    size_t backups = 0, days_with = 0;
    for (size_t i = 0; i < r->list->count; i++) {
        if (!pab_report_is_ours(r, &r->list->items[i])) continue;
        const struct pab_manifest *m = &r->list->items[i].manifest;
        int64_t day = local_day(m->started_ns, &tm);
        if (day < first || day > today) continue;
        struct day *d = &days[day - first];
        backups++;
        days_with += !d->complete && !d->partial;
        if (strcmp(m->status, "complete") == 0) d->complete++;
        else d->partial++;
    }
    int width = LEFT + PAB_REPORT_WEEKS * PITCH + 4, height = TOP + 7 * PITCH;
    pab_buf_addf(out, "<section id=\"calendar\">\n<h2>Calendar</h2>\n<div class=\"scroll\">"
                 "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"%zu backups on %zu days of the last %d weeks\">\n",
                 width, height, width, backups, days_with, PAB_REPORT_WEEKS);
    draw_months(out, first);
    for (int64_t day = first; day <= today; day++) draw_day(out, &days[day - first], day, (int)(day - first) / 7, (int)(day - first) % 7, day == today);
    pab_buf_adds(out, "</svg></div>\n<ul class=\"legend\">"
                      "<li><svg width=\"12\" height=\"12\"><rect class=\"d1\" width=\"12\" height=\"12\" rx=\"3\"/></svg>all complete</li>"
                      "<li><svg width=\"12\" height=\"12\"><rect class=\"d2\" width=\"12\" height=\"12\" rx=\"3\"/><circle class=\"mark\" cx=\"6\" cy=\"6\" r=\"2.5\"/></svg>something left out</li>"
                      "<li><svg width=\"12\" height=\"12\"><rect class=\"d0\" width=\"12\" height=\"12\" rx=\"3\"/></svg>no backup in the store</li></ul>\n</section>\n");
}

/* ---- sizes */
#define WIDTH 960
#define HEIGHT 240
#define PLOT_LEFT 76
#define PLOT_TOP 12
#define PLOT_BOTTOM 212

/* The least 1, 2 or 5 times a power of ten that is not below v / 4, so that four lines of it reach v. */
static double step_for(uint64_t v)
{
    double step = 1;
    for (int i = 0; step * 4 < (double)v; i++) step *= i % 3 == 1 ? 2.5 : 2;
    return step;
}

static void draw_bar(struct pab_buf *out, const struct pab_manifest *m, double x, double w, double scale)
{
    char size[32], date[32] = "";
    struct tm tm;
    int partial = strcmp(m->status, "complete") != 0, full = strcmp(m->kind, "full") == 0;
    double h = (double)m->totals.size * scale;
    local_day(m->started_ns, &tm);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
    if (h < 1.5) h = 1.5;
    pab_buf_adds(out, "<g><title>");
    pab_html_textf(out, "%s: %s, %s, %s", date, pab_format_size(m->totals.size, size, sizeof size), m->kind, m->status);
    pab_buf_addf(out, "</title><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/></g>\n", partial ? "part" : full ? "full" : "incr", x, PLOT_BOTTOM - h, w, h);
}

static void draw_grid(struct pab_buf *out, double step, int lines, double scale)
{
    char size[32];
    for (int i = 0; i <= lines; i++) {
        double y = PLOT_BOTTOM - i * step * scale;
        pab_buf_addf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", PLOT_LEFT, WIDTH, y, y,
                     PLOT_LEFT - 8, y + 4, i ? pab_format_size((uint64_t)(i * step), size, sizeof size) : "0");
    }
}

static void draw_date(struct pab_buf *out, int64_t ns, double x, const char *anchor)
{
    char date[32] = "";
    struct tm tm;
    local_day(ns, &tm);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    pab_buf_addf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x, HEIGHT - 10, anchor, date);
}

void pab_report_sizes(const struct pab_report *r, struct pab_buf *out)
{
    const struct pab_manifest *bars[PAB_REPORT_BARS];
    size_t n = 0;
    uint64_t most = 1;
    for (size_t i = 0; i < r->list->count && n < PAB_REPORT_BARS; i++) {
        if (!pab_report_is_ours(r, &r->list->items[i])) continue;
        bars[n++] = &r->list->items[i].manifest;
        if (bars[n - 1]->totals.size > most) most = bars[n - 1]->totals.size;
    }
    pab_buf_adds(out, "<section id=\"sizes\">\n<h2>Sizes of the latest backups</h2>\n");
    if (!n) {
        pab_buf_adds(out, "<p class=\"empty\">There is no backup yet.</p>\n</section>\n");
        return;
    }
    double step = step_for(most);
    int lines = (int)(((double)most + step - 1) / step);
    double scale = (PLOT_BOTTOM - PLOT_TOP) / (step * lines), slot = (double)(WIDTH - PLOT_LEFT) / (double)(n < 12 ? 12 : n), w = slot * 0.72;
    pab_buf_addf(out, "<div class=\"scroll\"><svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"Sizes of the last %zu backups\">\n", WIDTH, HEIGHT, WIDTH, n);
    draw_grid(out, step, lines, scale);
    for (size_t i = 0; i < n; i++) draw_bar(out, bars[n - 1 - i], PLOT_LEFT + slot * ((double)i + 0.14), w, scale);
    draw_date(out, bars[n - 1]->started_ns, PLOT_LEFT, "start");
    if (n > 3) draw_date(out, bars[0]->started_ns, PLOT_LEFT + slot * (double)n, n >= 12 ? "end" : "middle");
    pab_buf_adds(out, "</svg></div>\n<ul class=\"legend\">"
                      "<li><svg width=\"12\" height=\"12\"><rect class=\"full\" width=\"12\" height=\"12\" rx=\"2\"/></svg>full</li>"
                      "<li><svg width=\"12\" height=\"12\"><rect class=\"incr\" width=\"12\" height=\"12\" rx=\"2\"/></svg>incremental: what changed</li>"
                      "<li><svg width=\"12\" height=\"12\"><rect class=\"part\" width=\"12\" height=\"12\" rx=\"2\"/></svg>partial</li></ul>\n");
    pab_buf_adds(out, "</section>\n");
}

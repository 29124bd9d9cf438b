/* report.h - one HTML page about a job: what is late, a calendar of runs, sizes over time, what each backup holds.
 *
 *     struct pab_report r = { .job = "nightly", .store = "/backup", .list = &list, .status = &st, .now_ns = pab_now_ns() };
 *     struct pab_buf page = PAB_BUF_INIT(0);
 *     pab_report_html(&r, &page);
 *
 * The page stands alone: style and drawings are in it, it has no scripts, fetches nothing, and its own policy forbids it
 * to. Whatever comes from a manifest is escaped.
 */
#ifndef PAB_ENGINE_REPORT_H
#define PAB_ENGINE_REPORT_H

#include "core/base/buf.h"
#include "core/engine/status.h"

#define PAB_REPORT_DETAILS 30 /* so many of the latest backups are shown with what they hold */
#define PAB_REPORT_WEEKS 53   /* of the calendar */
#define PAB_REPORT_BARS 60    /* of the chart of sizes */

struct pab_report {
    const char *job, *store;
    int64_t rpo_ms, now_ns;
    const struct pab_backup_list *list;   /* newest first; backups of other jobs are passed over */
    const struct pab_status *status;      /* of the same list */
    const struct pab_manifest *whole[PAB_REPORT_DETAILS]; /* with artifacts, of the latest of this job, in the list's order */
    size_t whole_count;
};
/* A pure function of *r (and the time zone). `out` has no ceiling. */
void pab_report_html(const struct pab_report *r, struct pab_buf *out);

/* The verb: writes the page to `file` (as a whole or not at all), NULL: adds it to `out`. Exit codes of status. */
int pab_engine_report(struct pab_session *s, const char *file, struct pab_buf *out, struct pab_error *err);

#endif

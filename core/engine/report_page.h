/* report_page.h - the parts that the report's page is put together from; private to report*.c. */
#ifndef PAB_ENGINE_REPORT_PAGE_H
#define PAB_ENGINE_REPORT_PAGE_H

#include "core/engine/report.h"

/* Text for HTML, also inside quoted attributes: < > & " ' as references; control characters and what is not UTF-8 as U+FFFD. */
void pab_html_text(struct pab_buf *out, const char *text);
/* printf whose result is then escaped. */
void pab_html_textf(struct pab_buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* <time> with the local time, "2024-01-21 12:00". */
void pab_html_time(struct pab_buf *out, int64_t ns);
/* "just now", "5 h ago", "12 days ago", "in the future". */
char *pab_report_ago(int64_t then_ns, int64_t now_ns, char *buf, size_t n);
/* Is this one of the report's job? */
int pab_report_is_ours(const struct pab_report *r, const struct pab_backup_info *b);

void pab_report_begin(const struct pab_report *r, struct pab_buf *out);   /* head and style */
void pab_report_calendar(const struct pab_report *r, struct pab_buf *out);
void pab_report_sizes(const struct pab_report *r, struct pab_buf *out);
void pab_report_backups(const struct pab_report *r, struct pab_buf *out);

#endif

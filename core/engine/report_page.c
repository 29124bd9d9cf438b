/* report_page.c - escaping, times, and the head of the report's page; see report_page.h. */
#include "core/engine/report_page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"

#define NS_PER_S 1000000000LL
#define REPLACEMENT "\xef\xbf\xbd"

void pab_html_text(struct pab_buf *out, const char *text)
{
    size_t left = strlen(text);
    for (size_t n; left; text += n, left -= n) {
        n = pab_utf8_char(text, left);
        unsigned char c = (unsigned char)*text;
        int c1 = n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
        if (!n || c1 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
            pab_buf_adds(out, REPLACEMENT);
            n = n ? n : 1;
        } else if (strchr("<>&\"'", c)) {
            pab_buf_addf(out, "&#%d;", c);
        } else {
            pab_buf_add(out, text, n);
        }
    }
}

void pab_html_textf(struct pab_buf *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    pab_html_text(out, text);
}

void pab_html_time(struct pab_buf *out, int64_t ns)
{
    char exact[40], shown[32] = "";
    time_t t = (time_t)(ns / NS_PER_S);
    struct tm tm;
    if (localtime_r(&t, &tm)) strftime(shown, sizeof shown, "%Y-%m-%d %H:%M", &tm);
    pab_buf_addf(out, "<time datetime=\"%s\">%s</time>", pab_format_rfc3339(ns, exact, sizeof exact), shown);
}

char *pab_report_ago(int64_t then_ns, int64_t now_ns, char *buf, size_t n)
{
    int64_t minutes = (now_ns - then_ns) / NS_PER_S / 60;
    if (then_ns > now_ns) snprintf(buf, n, "in the future");
    else if (minutes < 1) snprintf(buf, n, "just now");
    else if (minutes < 120) snprintf(buf, n, "%lld min ago", (long long)minutes);
    else if (minutes < 48 * 60) snprintf(buf, n, "%lld h ago", (long long)minutes / 60);
    else snprintf(buf, n, "%lld days ago", (long long)minutes / 60 / 24);
    return buf;
}

int pab_report_is_ours(const struct pab_report *r, const struct pab_backup_info *b)
{
    return b->readable && strcmp(b->manifest.job, r->job) == 0;
}

/* Colours are named for what they mean; a dark screen gives them other values. No meaning is told by colour alone. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#dfe3e9;--empty:#e9ecf1;--accent:#2563ab;--accent2:#8fb4de;"
    "--good:#1d7a4a;--good-bg:#dff3e7;--warn:#8a5a00;--warn-bg:#fdeecb;--warn-fill:#e0a021;--bad:#b3261e;--bad-bg:#fbe1df}\n"
    "@media (prefers-color-scheme:dark){:root{--page:#11151b;--card:#1a2029;--ink:#e4e9f0;--soft:#98a4b5;--line:#2d3642;--empty:#252d38;--accent:#5b9be6;--accent2:#3f6797;"
    "--good:#5fce93;--good-bg:#16372a;--warn:#f0bd57;--warn-bg:#3d3013;--warn-fill:#c98e1d;--bad:#ff8d85;--bad-bg:#471f1e}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    "main{max-width:1040px;margin:0 auto;padding:32px 20px 48px}header{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin-bottom:20px}\n"
    "h1{font-size:26px;line-height:1.2;margin:0;overflow-wrap:anywhere}h2{font-size:17px;margin:0 0 12px}header p{flex-basis:100%;margin:0;color:var(--soft);overflow-wrap:anywhere}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin-bottom:18px}.scroll{overflow-x:auto}.note,.empty{color:var(--soft);margin:10px 0 0;font-size:13px}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:14px;margin-bottom:18px}.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}\n"
    ".card span{display:block;color:var(--soft);font-size:13px}.card b{display:block;font-size:22px;line-height:1.3;font-weight:600}\n"
    ".pill{display:inline-block;border-radius:99px;padding:1px 10px;font-size:13px;font-weight:600;white-space:nowrap}.good{color:var(--good);background:var(--good-bg)}.warn{color:var(--warn);background:var(--warn-bg)}.bad{color:var(--bad);background:var(--bad-bg)}\n"
    "table{border-collapse:collapse;width:100%;font-size:14px}th{text-align:left;color:var(--soft);font-weight:500;font-size:13px;white-space:nowrap}th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}tr:last-child>td{border-bottom:0}td{overflow-wrap:anywhere}\n"
    ".num{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.nowrap{white-space:nowrap}time{white-space:nowrap}.mono{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:13px}\n"
    "svg{display:block;max-width:100%;height:auto;min-width:760px}svg text{fill:var(--soft);font-size:11px}.d0{fill:var(--empty)}.d1{fill:var(--good)}.d2{fill:var(--warn-fill)}.mark{fill:var(--card)}.today{fill:none;stroke:var(--ink);stroke-width:1.5}\n"
    ".grid{stroke:var(--line)}.full{fill:var(--accent)}.incr{fill:var(--accent2)}.part{fill:var(--warn-fill)}.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;padding:0;margin:10px 0 0;color:var(--soft);font-size:13px}.legend svg{display:inline-block;min-width:0;vertical-align:-1px;margin-right:6px}\n"
    "details{border-bottom:1px solid var(--line)}details:last-of-type{border-bottom:0}summary{cursor:pointer;padding:9px 0;display:grid;grid-template-columns:16px minmax(0,1fr) 96px 104px 84px;gap:12px;align-items:baseline}summary::-webkit-details-marker{display:none}summary::before{content:'\\25b8';color:var(--soft)}details[open]>summary::before{content:'\\25be'}\n"
    "summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}summary small{display:block;color:var(--soft);font-size:13px}.inside{padding:0 0 14px 28px}.inside p{margin:0 0 8px;color:var(--soft);font-size:13px}footer{color:var(--soft);font-size:13px}\n"
    "@media (max-width:640px){main{padding:20px 12px}summary{grid-template-columns:16px minmax(0,1fr) 84px}summary .kind,summary .state{display:none}.inside{padding-left:8px}}\n"
    "@media print{body{background:#fff}section,.card{break-inside:avoid}}\n";

void pab_report_begin(const struct pab_report *r, struct pab_buf *out)
{
    pab_buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>Backups of ");
    pab_html_text(out, r->job);
    pab_buf_adds(out, "</title>\n<style>\n");
    pab_buf_adds(out, style);
    pab_buf_adds(out, "</style>\n</head>\n<body>\n<main>\n");
}

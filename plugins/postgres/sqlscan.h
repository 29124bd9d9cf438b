/* sqlscan.h - reads SQL as pg_dump, pg_restore and we write it, in pieces of any size, and finds what matters: the COPY
 * statements with their rows and terminators, lines of psql itself (\restrict), places where the text may be cut.
 *
 *     struct pg_scan s;
 *     pg_scan_init(&s, &(struct pg_scan_ops){ .copy_end = count_rows }, ctx);
 *     while (...) if (pg_scan_feed(&s, buf, n, err)) ...
 *     pg_scan_finish(&s, err);     // PAB_E_CORRUPT when the text stops in the middle of something
 *     pg_scan_release(&s);
 *
 * Callbacks return 0, or a code (err set by them) that ends the scan.
 */
#ifndef PAB_PLUGIN_POSTGRES_SQLSCAN_H
#define PAB_PLUGIN_POSTGRES_SQLSCAN_H

#include "plugins/support/support.h"

struct pg_scan_ops {
    /* text to be passed on, in order; together all of it but the lines of psql that were dropped and what leave_out names.
     * NULL: nobody wants it */
    int (*text)(void *ctx, const char *p, size_t n, struct pab_error *err);
    /* a line of psql ("\restrict KEY"), without its newline; 1 in *ret_drop takes it out of the text */
    int (*meta)(void *ctx, const char *line, int *ret_drop, struct pab_error *err);
    /* a COPY ... FROM stdin has begun (the whole statement, the table as it stands there); ended, after so many rows */
    int (*copy_begin)(void *ctx, const char *statement, const char *table, struct pab_error *err);
    int (*copy_end)(void *ctx, const char *table, uint64_t rows, struct pab_error *err);
    /* between two statements outside of transactions, after want_cut was set; all text before it was passed on */
    int (*cut)(void *ctx, struct pab_error *err);
};

enum pg_scan_state {
    PG_SCAN_LINE,      /* at the beginning of a line, outside of everything */
    PG_SCAN_CODE,
    PG_SCAN_QUOTE,     /* '...' */
    PG_SCAN_ESCAPE,    /* E'...' */
    PG_SCAN_NAME,      /* "..." */
    PG_SCAN_TAG,       /* $ta */
    PG_SCAN_DOLLAR,    /* $tag$ ... $tag$ */
    PG_SCAN_COMMENT,   /* -- to the end of the line */
    PG_SCAN_BLOCK,     /* C comment, nested */
    PG_SCAN_META,
    PG_SCAN_HELD,      /* what may become the line to be left out */
    PG_SCAN_ROWS,
};

struct pg_scan {
    const struct pg_scan_ops *ops;
    void *ctx;
    int want_cut;              /* the user of the scan sets and clears it */
    const char *leave_out;     /* NULL, or a statement that is a line of its own, with its newline: not passed on */
    size_t held;               /* how much of it has been seen */
    int let_go;                /* it was something else: passed on as it is */
    enum pg_scan_state state;
    int in_statement;          /* something was said since the last semicolon */
    int in_transaction;        /* between BEGIN and COMMIT: large objects */
    char word[8];              /* how the statement begins */
    size_t word_size;
    int depth;                 /* of parentheses, or of block comments */
    int parens;
    char before[2];            /* the last two characters of code */
    char tag[128];
    size_t tag_size, matched;
    int is_copy;               /* the statement may be COPY: collected in `line` */
    struct pab_buf line;
    char *table;
    int row_state;             /* 0 inside a row, 1 at its beginning, 2 after "\", 3 after "\." */
    uint64_t rows;
};

/* pg_dump and pg_restore write this from version 17 on; servers before 17 know no such setting. */
#define PG_SCAN_NEW_TIMEOUT "SET transaction_timeout = 0;\n"

void pg_scan_init(struct pg_scan *s, const struct pg_scan_ops *ops, void *ctx);
int pg_scan_feed(struct pg_scan *s, const char *p, size_t n, struct pab_error *err);
int pg_scan_finish(struct pg_scan *s, struct pab_error *err);
void pg_scan_release(struct pg_scan *s);

/* The length of the possibly quoted and qualified name at p. */
size_t pg_name_length(const char *p);
/* Puts `to` (as SQL would write it) where the keyword DATABASE is followed by the name `from` (plain); caller frees. */
char *pg_rename_database(const char *statement, const char *from, const char *to);

#endif

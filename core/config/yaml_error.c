/* yaml_error.c - see yaml_error.h. */
#include "core/config/yaml_error.h"

#include <string.h>

#include "core/config/place.h"

/* libyaml names the grammar rule that was broken; people need the habit that breaks it. */
struct rule {
    const char *problem;   /* part of libyaml's text */
    int at_context;        /* the mistake is where the construct began */
    const char *says;      /* our text */
    const char *begun;     /* what began at the context's line, when worth saying */
    const char *hint;
};

static const struct rule rules[] = {
    { "mapping values are not allowed", 0, "a ':' is not allowed here", NULL,
      "is this line indented differently from the one above it, or does a value that contains ': ' need quotes?" },
    { "could not find expected ':'", 1, "a key without ':'", NULL,
      "a key is written 'key: value'; look at this line and its indentation" },
    { "did not find expected key", 0, "wrong indentation: this is not a key of the map", "that map begins in line",
      "keys of one map begin in the same column; a list item begins with '- '" },
    { "did not find expected '-' indicator", 0, "wrong indentation: this is not an item of the list",
      "that list begins in line", "items of one list begin with '- ' in the same column" },
    { "did not find expected ',' or ']'", 0, "expected ',' or ']'", "the '[' is in line", "close the list with ']'" },
    { "did not find expected ',' or '}'", 0, "expected ',' or '}'", "the '{' is in line", "close the map with '}'" },
    { "found unexpected end of stream", 1, "the quote that opens here is never closed", NULL, "add the closing quote" },
    { "found unexpected document indicator", 1, "the quote that opens here is never closed", NULL, "add the closing quote" },
    { "found unknown escape character", 0, "unknown escape after '\\'", NULL,
      "put the value in single quotes, where a backslash is just a backslash" },
    { "hexdecimal number", 0, "expected hexadecimal digits after the escape", NULL,
      "put the value in single quotes, where a backslash is just a backslash" },
    { "invalid Unicode character escape", 0, "this escape is not a character", NULL, "check the hexadecimal digits" },
    { "block sequence entries are not allowed", 0, "a list item is not allowed here", NULL,
      "put each '- ' on a line of its own, below its key" },
    { "mapping keys are not allowed", 0, "a key is not allowed here", NULL, "put it on a line of its own" },
    { "expected alphabetic or numeric character", 1, "'*' and '&' begin an alias or an anchor, and no name follows", NULL,
      "put a pattern that begins with '*' in quotes: \"*.tmp\"" },
    { "did not find expected node content", 0, "a value is missing here", NULL, "is there a ',' too many, or a bracket that does not match?" },
    { "did not find expected <document start>", 0, "text after the end of the document", NULL,
      "is this line indented less than the first key?" },
    { "found undefined tag handle", 0, "a value that begins with '!' is a tag", NULL, "put the value in quotes" },
    { "found incompatible YAML document", 0, "this version of YAML is not supported", NULL, "remove the %YAML line" },
    { "did not find expected comment or line break", 0, "text after the '|' or '>'", NULL,
      "begin the text on the next line, or put a value that begins with '|' or '>' in quotes" },
};

/* Bytes of the character with this index; n when there are fewer. */
static size_t byte_of_char(const char *text, size_t n, size_t index)
{
    size_t i = 0;
    while (i < n && index > 0) {
        do
            i++;
        while (i < n && ((unsigned char)text[i] & 0xc0) == 0x80);
        index--;
    }
    return i;
}

/* The first tab in the indentation of the line around byte `at`; NULL: none. *ret_column counts from 1. */
static const char *tab_in_indentation(const char *text, size_t n, size_t at, int *ret_column)
{
    while (at > 0 && (at >= n || text[at - 1] != '\n'))
        at--;
    for (size_t i = at; i < n && (text[i] == ' ' || text[i] == '\t'); i++)
        if (text[i] == '\t') {
            *ret_column = (int)(i - at) + 1;
            return text + i;
        }
    return NULL;
}

/* Bytes that are no text: libyaml knows only their offset. */
static int reader_error(const yaml_parser_t *yaml, const char *text, size_t n, const char *name, struct pab_error *err)
{
    struct pab_place at = { name, 1, 1, NULL };
    size_t end = yaml->problem_offset < n ? yaml->problem_offset : n;
    for (size_t i = 0; i < end; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    if (yaml->problem && strstr(yaml->problem, "control characters"))
        return pab_error_hint(err, pab_complain(err, &at, "a control character (0x%02x) is not allowed", (unsigned)yaml->problem_value),
                              "remove it, or write it as an escape in double quotes");
    return pab_error_hint(err, pab_complain(err, &at, "this is not UTF-8 text"), "save the file as UTF-8");
}

/* Where libyaml looks for a key and finds punctuation, indentation is not the matter. */
static int stray_error(struct pab_place *at, char c, struct pab_error *err)
{
    if (c == ':')
        return pab_complain(err, at, "a key is missing before ':'");
    return pab_error_hint(err, pab_complain(err, at, "this '%c' closes nothing", c), "remove it, or put the value in quotes");
}

static int token_error(struct pab_place *at, char c, struct pab_error *err)
{
    if (c == '\t')
        return pab_error_hint(err, pab_complain(err, at, "a tab is not allowed here"), "use spaces");
    return pab_error_hint(err, pab_complain(err, at, "a value cannot begin with '%c'", c), "put the value in quotes");
}

int pab_yaml_error(const yaml_parser_t *yaml, const char *text, size_t n, const char *name, struct pab_error *err)
{
    if (yaml->error == YAML_MEMORY_ERROR)
        return pab_error_set(err, PAB_E_NOMEM, 0, "%s: no memory to read it", name);
    if (yaml->error == YAML_READER_ERROR)
        return reader_error(yaml, text, n, name, err);

    const char *problem = yaml->problem ? yaml->problem : "not valid YAML";
    const yaml_mark_t *mark = &yaml->problem_mark;
    struct pab_place at = { name, (int)mark->line + 1, (int)mark->column + 1, NULL };
    size_t byte = byte_of_char(text, n, mark->index);

    /* Whatever rule it broke: where a tab indents, the tab is the mistake. */
    if (tab_in_indentation(text, n, byte, &at.column))
        return pab_error_hint(err, pab_complain(err, &at, "a tab in the indentation"), "indent with spaces");
    if (strstr(problem, "cannot start any token") && byte < n)
        return token_error(&at, text[byte], err);
    if (strstr(problem, "did not find expected key") && byte < n && strchr(":]}", text[byte]))
        return stray_error(&at, text[byte], err);

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (!strstr(problem, r->problem))
            continue;
        if (r->at_context && yaml->context) {
            at.line = (int)yaml->context_mark.line + 1;
            at.column = (int)yaml->context_mark.column + 1;
        }
        if (r->begun && yaml->context)
            pab_complain(err, &at, "%s (%s %d)", r->says, r->begun, (int)yaml->context_mark.line + 1);
        else
            pab_complain(err, &at, "%s", r->says);
        return pab_error_hint(err, PAB_E_CONFIG, "%s", r->hint);
    }
    return pab_complain(err, &at, "%s", problem);
}

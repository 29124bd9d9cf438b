/* template.h - texts with {{words}} in them.
 *
 *     char *text = pab_template_fill("{{job}}: {{status}}", value_of, ctx);
 *
 * A word is between "{{" and "}}", blanks around it do not matter; "{{" without an end stands for itself.
 */
#ifndef PAB_CONFIG_TEMPLATE_H
#define PAB_CONFIG_TEMPLATE_H

/* The first word that is not in the NULL-terminated list, or NULL. Caller frees. */
char *pab_template_unknown(const char *text, const char *const *words);
/* value: a new string for a word, freed here; NULL: nothing. Caller frees the result. */
char *pab_template_fill(const char *text, char *(*value)(void *ctx, const char *word), void *ctx);

#endif

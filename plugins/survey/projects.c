/* projects.c - compose projects: those of the containers, by their labels, and the folder we are in. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/survey/survey.h"

#define MAX_ENV (1u << 20)

/* ---- .env: enough of its syntax to compare values; the job's own reader is stricter */

static char *value_of(const char *s)
{
    char quote = *s == '"' || *s == '\'' ? *s++ : 0;
    size_t n = quote ? strcspn(s, quote == '"' ? "\"" : "'") : strlen(s);
    const char *comment = quote ? NULL : strstr(s, " #");
    if (comment) n = (size_t)(comment - s);
    while (!quote && n && isspace((unsigned char)s[n - 1])) n--;
    return pab_strndup(s, n);
}

static void add_line(char *line, struct survey_env *ret)
{
    line += strspn(line, " \t");
    if (strncmp(line, "export ", 7) == 0) line += 7 + strspn(line + 7, " \t");
    size_t n = 0;
    while (isalnum((unsigned char)line[n]) || line[n] == '_') n++;
    if (!n || line[n] != '=') return;
    CLEANUP_FREE char *name = pab_strndup(line, n), *value = value_of(line + n + 1);
    pab_strs_add(&ret->names, name);
    pab_strs_add(&ret->values, value);
    explicit_bzero(value, strlen(value));
}

void survey_env_load(const char *path, struct survey_env *ret)
{
    char *text = NULL, *rest;
    size_t size = 0;
    *ret = (struct survey_env){ 0 };
    if (pab_read_file(AT_FDCWD, path, MAX_ENV, &text, &size, NULL)) return;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) add_line(line, ret);
    explicit_bzero(text, size);
    free(text);
}

void survey_env_release(struct survey_env *e)
{
    for (size_t i = 0; i < e->values.count; i++) explicit_bzero(e->values.items[i], strlen(e->values.items[i]));
    pab_strs_release(&e->names);
    pab_strs_release(&e->values);
}

/* ---- projects */

static int is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static json_t *names_in(const char *path)
{
    struct survey_env env;
    json_t *list = json_array();
    survey_env_load(path, &env);
    for (size_t i = 0; i < env.names.count; i++) json_array_append_new(list, json_string(env.names.items[i]));
    survey_env_release(&env);
    return list;
}

/* The files of compose's own choice that lie in the folder. */
static void add_usual_files(const char *folder, json_t *files)
{
    static const char *const usual[] = { "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "compose.override.yaml", "compose.override.yml",
                                         "docker-compose.override.yaml", "docker-compose.override.yml" };
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        CLEANUP_FREE char *path = pab_path_join(folder, usual[i]);
        if (is_file(path)) json_array_append_new(files, json_string(path));
    }
}

static void add_project(json_t *list, const char *name, const char *folder, const char *given_files, const char *given_env, int current)
{
    CLEANUP_FREE char *usual_env = pab_path_join(folder, ".env");
    CLEANUP_FREE char *env = *given_env ? pab_path_join(folder, given_env) : pab_strdup(usual_env), *copy = pab_strdup(given_files);
    json_t *files = json_array(), *project;
    char *rest;
    for (char *f = strtok_r(copy, ",", &rest); f; f = strtok_r(NULL, ",", &rest)) {
        CLEANUP_FREE char *path = pab_path_join(folder, f);
        if (is_file(path)) json_array_append_new(files, json_string(path));
    }
    if (!json_array_size(files)) add_usual_files(folder, files);
    project = json_pack("{s:s, s:s, s:o, s:b}", "name", name, "folder", folder, "files", files, "current", current);
    if (is_file(env)) {
        json_object_set_new(project, "env_file", json_string(env));
        json_object_set_new(project, "env", names_in(env));
    }
    /* a folder without either has nothing to say, unless containers do */
    if (project && (*name || json_array_size(json_object_get(project, "files")) || json_object_get(project, "env_file"))) json_array_append(list, project);
    json_decref(project);
}

static int same_folder(const char *a, const char *b)
{
    struct stat x, y;
    return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

void survey_projects(const json_t *labels, const char *folder, json_t *document)
{
    json_t *list = json_array();
    int have_current = 0;
    for (size_t i = 0; i < json_array_size(labels); i++) {
        const json_t *l = json_array_get(labels, i);
        const char *name = json_text(l, "project"), *dir = json_text(l, "folder");
        int known = 0, current = *dir && same_folder(dir, folder);
        for (size_t p = 0; p < json_array_size(list); p++) known |= strcmp(json_text(json_array_get(list, p), "name"), name) == 0;
        if (known || !*name || *dir != '/') continue;
        add_project(list, name, dir, json_text(l, "files"), json_text(l, "env_file"), current);
        have_current |= current;
    }
    if (!have_current) add_project(list, "", folder, "", "", 1);
    json_object_set_new(document, "projects", list);
}

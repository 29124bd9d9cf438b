/* main.c - the pabengine program. */
#include <stdio.h>
#include <string.h>
#include "config.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("pabengine " PACKAGE_VERSION);
        return 0;
    }
    fputs("usage: pabengine --version\n", stderr);
    return 2;
}

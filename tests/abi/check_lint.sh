#!/bin/sh
# The lint of the plugin ABI: what it must let pass and what it must not.
cd "${top_srcdir:-.}" || exit 1
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
failed=0
header=core/include/pab_plugin.h

# try NAME SED-SCRIPT [EXPECTED WORDS]: with words, the changed header must be refused with them; without, it must pass
try() {
    name=$1 script=$2 words=${3-}
    sed "$script" "$header" >"$t/pab_plugin.h"
    if [ -n "$script" ] && cmp -s "$header" "$t/pab_plugin.h"; then echo "$name: the change does not apply"; failed=1; return; fi
    if ABI_HEADER="$t/pab_plugin.h" ABI_FROZEN="$t/frozen" top_srcdir=. sh tests/lint/abi.sh >"$t/out" 2>&1; then
        [ -z "$words" ] || { echo "$name: passes, though it breaks plugins"; failed=1; }
    elif [ -z "$words" ]; then
        echo "$name: refused:"; cat "$t/out"; failed=1
    elif ! grep -qF -- "$words" "$t/out"; then
        echo "$name: not refused with \"$words\" but:"; cat "$t/out"; failed=1
    fi
}
freeze() { mkdir -p "$t/frozen/v$1" && sed "$2" "$header" >"$t/frozen/v$1/pab_plugin.h"; }

minor=$(awk '$2 == "PAB_ABI_MINOR" { print $3 }' "$header") later=$((minor + 1))
freeze "1.$minor" ''
next="s/^#define PAB_ABI_MINOR $minor/#define PAB_ABI_MINOR $later/"
append='/^    int32_t (\*object_wanted)/a\    int32_t (*novelty)(struct pab_op *op);'

try 'today' ''
try 'a comment' '/^#define PAB_E_AUTH/s/refused/did not like/'
try 'a new line break' '/^    int64_t min, max;/s/int64_t min, max;/int64_t min,\n        max;/'
try 'a new function in an old version' "$append" 'what is new needs a new PAB_ABI_MINOR'
try 'a new version that nobody froze' "$next" "ABI 1.$later is not frozen"

# from here on each change comes with a new version that is frozen as it stands: it may still break old plugins
later() { freeze "1.$later" "$next;$2"; try "$1" "$next;$2" "${3-}"; }
later 'a new function at the end' "$append"
later 'a new code' '/^#define PAB_E_REFUSED/a\#define PAB_E_NOVELTY (-18)'
later 'a new field at the end of an option' '/^struct pab_option {/,/^};/s/^    uint32_t reserved;/&\n    const char *novelty;/'
later 'a function in the middle' '/^    int32_t (\*sleep_ms)/i\    int32_t (*novelty)(struct pab_op *op);' 'struct pab_host: "int32_t (*novelty)(struct pab_op *op)" stands where'
later 'a function that is gone' '/^    int32_t (\*object_wanted)/d' 'object_wanted is gone'
later 'another parameter' '/(\*sleep_ms)/s/uint32_t ms/uint64_t ms/' 'struct pab_host:'
later 'a wider field' '/^struct pab_entry {/,/^};/s/uint32_t mode;/uint64_t mode;/' 'struct pab_entry:'
later 'fields swapped' '/^struct pab_plan {/,/^};/s/const char \*object;/const char *detail;/' 'struct pab_plan:'
later 'a struct without a size that grows' '/^struct pab_kv {/a\    const char *novelty;' 'struct pab_kv'
later 'a struct without a size that grows at its end' '/^    const char \*value;$/a\    const char *novelty;' 'struct pab_kv must not grow'
later 'a struct that is gone' 's/struct pab_extent/struct pab_region/' 'struct pab_extent is gone'
later 'another value' 's/^#define PAB_E_BUSY (-7)/#define PAB_E_BUSY (-27)/' 'PAB_E_BUSY was (-7) and is (-27)'
later 'a code that is gone' '/^#define PAB_E_TOOL/d' 'PAB_E_TOOL is gone'
later 'another entry point' 's/pab_plugin_init(void);/pab_plugin_start(void);/' 'pab_plugin_init(void)" is gone'
exit $failed

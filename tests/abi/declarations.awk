# The declarations of a pab_plugin.h, one a line, without comments and layout:
#
#     define NAME VALUE
#     struct NAME
#     member STRUCT NAME DECLARATION
#     other TEXT                         (typedefs, prototypes)
#
# Declarations stand in the order of the header; "a, b" are two members.
function emit_member(s, decl,    name, base, n, parts, i)
{
    gsub(/[ \t]+/, " ", decl); sub(/^ /, "", decl); sub(/ $/, "", decl)
    if (decl == "") return
    if (match(decl, /\(\*[a-z_0-9]+\)/)) {
        print "member", s, substr(decl, RSTART + 2, RLENGTH - 3), decl
        return
    }
    n = split(decl, parts, / *, */)
    base = parts[1]
    sub(/[*]*[a-z_0-9]+$/, "", base)
    for (i = 1; i <= n; i++) {
        name = parts[i]
        sub(/.*[ *]/, "", name)
        print "member", s, name, (i == 1 ? parts[1] : base parts[i])
    }
}
{ text = text $0 "\n" }
END {
    while ((i = index(text, "/*")) > 0) {
        rest = substr(text, i + 2)
        text = substr(text, 1, i - 1) " " substr(rest, index(rest, "*/") + 2)
    }
    gsub(/\\\n/, " ", text)
    count = split(text, line, "\n")
    decl = ""; in_struct = ""
    for (i = 1; i <= count; i++) {
        s = line[i]
        gsub(/[ \t]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s)
        if (s == "" || s ~ /^extern "C"/) continue
        if (s ~ /^#define /) { sub(/^#define /, "define ", s); print s; continue }
        if (s ~ /^#/) continue
        if (s ~ /^struct [a-z_]+ \{$/) {
            split(s, w, " ")
            in_struct = w[2]; decl = ""
            print "struct", in_struct
            continue
        }
        if (s == "};") { in_struct = ""; decl = ""; continue }
        if (s == "}") continue
        decl = decl " " s
        while ((semi = index(decl, ";")) > 0) {
            one = substr(decl, 1, semi - 1)
            decl = substr(decl, semi + 1)
            sub(/^ +/, "", one)
            if (in_struct != "") emit_member(in_struct, one)
            else print "other", one
        }
    }
}

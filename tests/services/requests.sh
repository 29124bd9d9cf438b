# shellcheck shell=bash
# requests.sh - many requests of an API over one connection, for the scripts that fill and list servers. Sourced; needs curl and jq.

# many_requests HEADER URL: {"method", "path", "body"} a line, or with "form", texts as those of curl -F, instead of a body.
# Prints {"status", "answer"} for each, a line too; status 0 where there is none. HEADER, which has the password, never stands in an argument of a program.
many_requests() {
    local config
    config=$(jq -r --rawfile header <(printf %s "$1") --arg url "$2" '"next", "silent", "show-error", "max-time = 120", "request = \(.method)", "url = \($url + .path | tojson)", "header = \($header | tojson)",
        if .body then "header = \"Content-Type: application/json\"", "data-binary = \(.body | tojson | tojson)" else empty end, (.form[]? | "form = \(tojson)"),
        "write-out = \("\n{\"http_status\": \"%{http_code}\"}\n" | tojson)"') || return 1
    [ -n "$config" ] || return 0
    # read as JSON, since jq 1.6 breaks long lines of raw text where a character has many bytes; what is none is made a text
    curl -K - <<<"$config" | LC_ALL=C sed -E '/^([][{}"0-9 -]|true$|false$|null$|$)/!s/.*/"no JSON"/' | jq -nc 'foreach inputs as $one ({};
        if ($one | type) == "object" and ($one | has("http_status")) then {done: {status: ($one.http_status | tonumber), answer}} else {answer: $one} end; .done // empty)'
}
posts() { jq -c --arg path "$1" '{method: "POST", path: $path, body: .}'; } # PATH, bodies on stdin: as requests
# Of its answers: whether all are good, and the ids of what was made, one a line
answered_ids() { jq -r 'if .status >= 200 and .status < 300 then .answer | (.id // .data.id)? // empty else "status \(.status): \(.answer)\n" | halt_error end'; }

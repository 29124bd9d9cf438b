#!/usr/bin/env bash
# sanitizers: yes
# report: one page about a job, written whole, read by a parser and (where one is installed) by a browser.
. "$(dirname "$0")/lib.sh"
need jq
mkdir "$T/data"
echo one >"$T/data/a"
make_job <<END
name: night & <day>
rpo: 26h
targets:
  - {name: first, plugin: files, options: {root: $T/data, sets: {s: [a]}}}
  - {name: second, plugin: files, options: {root: $T/other, sets: {s: [b]}, required: [s]}}
END
page=$T/report.html
expect 10 "without a store there is nothing to tell" report "$job" -o "$page"
check "and no page" test ! -e "$page"
expect 3 "a run that is partial" run "$job"
expect 3 "has a report" report "$job" -o "$page"
same "that is as private as the store" 600 "$(stat -c %a "$page")"
has "says that a target is missing" "$page" "never"
has "and why" "$page" "$T/other"
mkdir "$T/other"
echo two >"$T/other/b"
expect 0 "a run that is whole" run "$job"
chmod 644 "$page"
expect 0 "has a report, too," report "$job" --output "$page"
same "which keeps the mode of the page that it replaces" 644 "$(stat -c %a "$page")"
has "is in order" "$page" "in order"
has "shows what the backup holds" "$page" "$(jq -r '.targets[0].artifacts[0].path' "$(latest)/manifest.json")"
has "escapes what is not ours" "$page" "night &#38; &#60;day&#62;"
mkdir "$store/backup-20200101_000000"
printf '{' >"$store/backup-20200101_000000/manifest.json"
expect 0 "a damaged manifest stops no report" report "$job" -o "$page"
has "and is in it" "$page" "unreadable"
expect 0 "without -o" report "$job"
check "the page goes to stdout" grep -q '^</html>' "$out"
expect 2 "where --json has no place" report "$job" --json
expect 0 "with -o" report "$job" --json -o "$page"
same "it names the file" "$page" "$(jq -r .file "$out")"
expect 1 "a folder that is not there" report "$job" -o "$T/none/report.html"
has "is named" "$err" "$T/none/report.html"
before=$(cat "$page")
(
    trap '' XFSZ
    ulimit -f 4
    exec "$top_builddir/run" pabengine report "$job" -o "$page" >/dev/null 2>"$T/limit.err" </dev/null
)
same "a page that does not fit" 1 $?
has "is told" "$T/limit.err" "$page"
same "and the old one stays" "$before" "$(cat "$page")"
same "alone" "" "$(find "$T" -maxdepth 1 -name '*report.html*' ! -name report.html)"

cat >"$T/parse.py" <<'END'
import html.parser, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
void = {"meta", "link", "br", "img", "input", "hr"}
class Page(html.parser.HTMLParser):
    stack, ids, tags = [], [], {}
    def handle_startendtag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in void: self.stack.append(tag)
        for k, v in attrs:
            assert k not in ("src", "href", "onclick", "onload"), (tag, k)
    def handle_endtag(self, tag):
        assert self.stack and self.stack[-1] == tag, (tag, self.stack)
        self.stack.pop()
page = Page()
page.feed(text)
page.close()
assert not page.stack, page.stack
assert len(set(page.ids)) == len(page.ids) and {"targets", "calendar", "sizes", "backups"} <= set(page.ids), page.ids
assert page.tags["details"] == 2 and page.tags["rect"] > 300 and "script" not in page.tags, page.tags
assert not re.search(r"https?:|url\(|@import", text)
END
check "every element is closed where it belongs, and nothing is fetched" python3 "$T/parse.py" "$page"
if command -v chromium >/dev/null; then
    for scheme in 0 1; do
        timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$T/browser" --blink-settings=preferredColorScheme=$scheme --virtual-time-budget=1000 \
            --dump-dom "file://$page" >"$T/dom" 2>"$T/browser.err" </dev/null
        has "a browser shows it ($scheme)" "$T/dom" 'id="calendar"'
        check "with its sections ($scheme)" python3 -c 'import sys; t = open(sys.argv[1]).read(); sys.exit(t.count("<section") != 4 or t.count("<details") != 2)' "$T/dom"
        timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$T/browser" --blink-settings=preferredColorScheme=$scheme --window-size=1000,1200 \
            --screenshot="$T/scheme$scheme.png" "file://$page" >"$T/shot" 2>&1 </dev/null
    done
    check "it is drawn light and dark" sh -c 'test -s "$1" && test -s "$2" && ! cmp -s "$1" "$2"' - "$T/scheme0.png" "$T/scheme1.png"
else
    skip "a browser shows it" "chromium is not installed"
fi

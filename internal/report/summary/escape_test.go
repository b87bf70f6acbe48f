package summary

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	rendering "github.com/yuin/goldmark/renderer/html"

	"github.com/headgate/headgate/internal/report"
)

// page renders Markdown as GitHub does, raw HTML included, so that an escape that fails shows.
func page(t *testing.T, markdown string) string {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(rendering.WithUnsafe()))
	if err := md.Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var tag = regexp.MustCompile(`<[^>]*>`)

// shown is what a reader sees of a page: the text without tags, and which tags there are.
func shown(page string) (text, tags string) {
	tags = strings.Join(tag.FindAllString(page, -1), "")
	text = html.UnescapeString(tag.ReplaceAllString(page, ""))
	return strings.ReplaceAll(text, "\u200b", ""), tags
}

// hostile are texts that mean something else in Markdown or HTML.
var hostile = []string{
	"height_m", "", " ", "a|b", `a\|b`, `\`, `a\`, "`", "``a`", "a`|`b", "*a*", "__a__", "~~a~~", "[a](https://evil.example)", "![a](x)", "<https://evil.example>",
	"<script>alert(1)</script>", "</details>", "</code>", "&lt;", "&#124;", "a\nb", "a\n\n# h", "# h", "- a", "+ a", "1. a", "12) a", "15.18", "= ", "---", "> q",
	"@octocat", "a@b.example", "https://evil.example/x", "www.evil.example", "WWW.evil.example", "$x$", "\x1b[31m", "\u202e", "é樹", "[x]: https://evil.example", "[ ] a", "***", "\\`a`",
	"http://a.b ftp://c.d", "| --- |", "mailto:a@b.example", "xmpp:a@b.example",
}

func want(text string) string {
	return strings.Join(strings.Fields(report.Printable(text)), " ")
}

func fields(text string) string { return strings.Join(strings.Fields(text), " ") }

// checkMeansItself holds that a text is read as itself in each place where it can stand.
func checkMeansItself(t *testing.T, s string) {
	t.Helper()
	if strings.ContainsRune(s, '\u200b') {
		return
	}
	for place, c := range map[string]struct{ before, after, tags string }{
		"paragraph": {"", "\n", "<p></p>"},
		"sentence":  {"x ", " x\n", "<p></p>"},
		"list":      {"- ", "\n", "<ul><li></li></ul>"},
		"cell":      {"| a | b |\n| --- | --- |\n| x ", " | y |\n", "<table><thead><tr><th></th><th></th></tr></thead><tbody><tr><td></td><td></td></tr></tbody></table>"},
	} {
		plain, _ := shown(page(t, c.before+"MARK"+c.after))
		text, tags := shown(page(t, c.before+inline(s, 1000)+c.after))
		expected := fields(strings.Replace(plain, "MARK", want(s), 1))
		if fields(text) != expected {
			t.Errorf("%s: inline(%q) is read as %q, want %q", place, s, fields(text), expected)
		}
		if want(s) != "" && tags != c.tags {
			t.Errorf("%s: inline(%q) makes %s, want %s", place, s, tags, c.tags)
		}
		if want(s) == "" {
			continue
		}
		text, tags = shown(page(t, c.before+code(s)+c.after))
		if fields(text) != expected {
			t.Errorf("%s: code(%q) is read as %q, want %q", place, s, fields(text), expected)
		}
		if strings.Count(tags, "<code>") != 1 || strings.Replace(tags, "<code></code>", "", 1) != c.tags {
			t.Errorf("%s: code(%q) makes %s", place, s, tags)
		}
	}
}

func TestTextMeansItself(t *testing.T) {
	for _, s := range hostile {
		checkMeansItself(t, s)
	}
}

func FuzzTextMeansItself(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return // fields are cut
		}
		checkMeansItself(t, s)
	})
}

func TestInlineCallsNobody(t *testing.T) {
	if got := inline("thanks @octocat", 100); strings.Contains(html.UnescapeString(got), "@octocat") {
		t.Errorf("%q calls a person", got)
	}
}

func TestBlock(t *testing.T) {
	for source, want := range map[string]string{
		"\tdb.Query(`SELECT 1`)":    "<pre><code>db.Query(`SELECT 1`)\n</code></pre>\n",
		"```\nx":                    "<pre><code>```\n</code></pre>\n",
		"a ````` </code>\x1b[31m\r": "<pre><code>a ````` &lt;/code&gt;\\x1b[31m\n</code></pre>\n",
	} {
		if got := page(t, block(source)); got != want {
			t.Errorf("block(%q) is %q, want %q", source, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	links := Links{ServerURL: "https://github.com/", Repository: "acme/forest", Commit: "4a8f1c2"}
	for _, c := range []struct {
		name, file   string
		line, column int
		links        Links
		want         string
	}{
		{"linked", "store/tree.go", 31, 18, links, "[`store/tree.go:31:18`](https://github.com/acme/forest/blob/4a8f1c2/store/tree.go#L31)"},
		{"no line", "store/tree.go", 0, 18, links, "[`store/tree.go`](https://github.com/acme/forest/blob/4a8f1c2/store/tree.go)"},
		{"no links", "store/tree.go", 31, 0, Links{}, "`store/tree.go:31`"},
		{"no file", "", 31, 0, links, ""},
		{"odd name", "a b/](x)#?%\n`|.go", 1, 0, links, "[<code>a b/\\](x)\\#?%\\\\n\\`&#124;.go:1</code>](https://github.com/acme/forest/blob/4a8f1c2/a%20b/%5D%28x%29%23%3F%25%0A%60%7C.go#L1)"},
	} {
		if got := c.links.place(c.file, c.line, c.column); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

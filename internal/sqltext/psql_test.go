package sqltext_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/requiretest"
	"github.com/headgate/headgate/internal/sqltext"
)

const psql = "/usr/lib/postgresql/15/bin/psql"

// TestPsqlSplitsTheSame has PostgreSQL's own regression scripts read by the real psql and by Script, and compares message by message.
func TestPsqlSplitsTheSame(t *testing.T) {
	if _, err := os.Stat(psql); err != nil {
		requiretest.Skip(t, "postgres-source", "there is no psql 15 to compare with: "+err.Error())
	}
	root := postgresSource(t)
	var files []string
	for _, pattern := range []string{"src/test/regress/sql/*.sql", "src/pl/plpgsql/src/sql/*.sql", "contrib/*/sql/*.sql"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 300 {
		t.Fatalf("the source package has only %d files", len(files))
	}
	server := startRecorder(t)
	compared, statements := 0, 0
	for _, file := range files {
		name, _ := filepath.Rel(root, file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := runPsql(t, server, file)
		want := reading(string(text))
		if problem := compare(got, want); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		compared++
		statements += len(want)
	}
	t.Logf("%d files, %d messages", compared, statements)
}

// runPsql gives what psql sends for a file. Its own queries are not sent (ECHO_HIDDEN), nor is its start-up file read.
func runPsql(t *testing.T, server *recorder, file string) []string {
	t.Helper()
	host, port, _ := net.SplitHostPort(server.listener.Addr().String())
	cmd := exec.CommandContext(t.Context(), psql, "-X", "-q", "-v", "ECHO_HIDDEN=noexec", "-f", file, "dbname=regression user=postgres sslmode=disable gssencmode=disable")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + cmd.Dir, "PGHOST=" + host, "PGPORT=" + port, "PGCLIENTENCODING=UTF8", "LC_ALL=C.UTF-8", "PAGER=cat"}
	server.take()
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 3 {
		t.Logf("psql %s: %v\n%s", filepath.Base(file), err, out[max(0, len(out)-300):])
	}
	return server.take()
}

// message is what Script expects psql to send.
type message struct {
	sql string
	// maybe says that psql sends it of its own for a command (\copy), if that gets so far; it begins with sql then.
	maybe bool
	line  int
}

// reading is what psql should send, with the variables that \set has set put in, as psql puts them in.
func reading(src string) []message {
	var out []message
	vars := map[string]string{"AUTOCOMMIT": "on", "LAST_ERROR_MESSAGE": "", "LASTOID": "0", "USER": "postgres", "DBNAME": "regression"}
	last := ""
	holds := func(condition string) bool { on, _ := sqltext.Bool(substitute(condition, vars)); return on }
	for p := range sqltext.Script(src, holds) {
		line := strings.Count(src[:p.Start], "\n") + 1
		c := p.Command
		if c == nil {
			last = substitute(p.Message(src), vars)
			if vars["AUTOCOMMIT"] == "off" {
				out = append(out, message{sql: "BEGIN", maybe: true, line: line})
			}
			if last == p.Message(src) {
				out = append(out, message{sql: last, line: line})
				continue
			}
			for inner := range sqltext.Script(last, nil) { // a variable can hold statements
				out = append(out, message{sql: inner.Message(last), line: line})
			}
			continue
		}
		switch {
		case c.Unknown || c.Restricted:
		case c.Again:
			out = append(out, message{sql: last, line: line})
		case c.Name == "set" && len(c.Args) > 0:
			value := ""
			for _, a := range c.Args[1:] {
				value += argument(a, vars)
			}
			vars[c.Args[0]] = value
		case c.Name == "unset" && len(c.Args) > 0:
			delete(vars, c.Args[0])
		case strings.EqualFold(c.Name, "copy"):
			out = append(out, message{sql: "COPY ", maybe: true, line: line})
		case c.Name == "encoding" && len(c.Args) > 0:
			out = append(out, message{sql: "set client_encoding to", maybe: true, line: line})
		}
	}
	return out
}

// argument puts variables into an argument of a command.
func argument(text string, vars map[string]string) string {
	for name, value := range vars {
		text = strings.ReplaceAll(text, ":'"+name+"'", "'"+strings.ReplaceAll(value, "'", "''")+"'")
		if text == ":"+name {
			text = value
		}
	}
	return text
}

// substitute puts variables into a message, outside of quotes.
func substitute(text string, vars map[string]string) string {
	if !strings.Contains(text, ":") {
		return text
	}
	var b strings.Builder
	at := 0
	scan := sqltext.NewScanner(text)
	for tok := scan.Next(); tok.Kind != sqltext.EOF; tok = scan.Next() {
		if tok.Kind != sqltext.Punctuation || text[tok.Start:tok.End] != ":" || tok.End == len(text) {
			continue
		}
		rest := text[tok.End:]
		for name, value := range vars {
			quoted := "'" + strings.ReplaceAll(value, "'", "''") + "'"
			for form, with := range map[string]string{"'" + name + "'": quoted, `"` + name + `"`: `"` + value + `"`, "{?" + name + "}": "TRUE", name: value} {
				if strings.HasPrefix(rest, form) && (form != name || len(rest) == len(name) || !isName(rest[len(name)])) && tok.Start >= at {
					b.WriteString(text[at:tok.Start] + with)
					at = tok.End + len(form)
				}
			}
		}
		if end := strings.IndexByte(rest, '}'); strings.HasPrefix(rest, "{?") && end > 0 && tok.Start >= at {
			b.WriteString(text[at:tok.Start] + "FALSE")
			at = tok.End + end + 1
		}
	}
	return b.String() + text[at:]
}

func isName(c byte) bool { return c != '$' && sqltext.IsIdentifierChar(c) }

// withoutCursors takes away what psql makes of a query while FETCH_COUNT is set.
func withoutCursors(messages []string) []string {
	var out []string
	for i := 0; i < len(messages); i++ {
		m := messages[i]
		if query, ok := strings.CutPrefix(m, "DECLARE _psql_cursor NO SCROLL CURSOR FOR\n"); ok {
			if len(out) > 0 && out[len(out)-1] == "BEGIN" {
				out = out[:len(out)-1]
			}
			out = append(out, query)
			for i+1 < len(messages) && (strings.HasSuffix(messages[i+1], " _psql_cursor") || messages[i+1] == "COMMIT" || messages[i+1] == "ROLLBACK") {
				i++
			}
			continue
		}
		out = append(out, m)
	}
	return out
}

// compare tells the first difference.
func compare(got []string, want []message) string {
	got = slices.DeleteFunc(withoutCursors(got), empty)
	for len(want) > 0 {
		w := want[0]
		switch {
		case w.maybe && (len(got) == 0 || !strings.HasPrefix(got[0], w.sql) || w.sql == "BEGIN" && got[0] != w.sql):
			want = want[1:]
			continue
		case len(got) == 0:
			return fmt.Sprintf("line %d: psql sends nothing more, Script has %q", w.line, short(w.sql))
		case !w.maybe && !same(got[0], w.sql):
			return fmt.Sprintf("line %d: psql sends %q, Script has %q", w.line, short(got[0]), short(w.sql))
		}
		got, want = got[1:], want[1:]
	}
	if len(got) > 0 {
		return fmt.Sprintf("psql sends %d more, the first is %q", len(got), short(got[0]))
	}
	return ""
}

func short(s string) string { return s[:min(len(s), 400)] }

// empty tells whether a message is nothing but comments: Script leaves those out.
func empty(sql string) bool {
	scan := sqltext.NewScanner(sql)
	for tok := scan.Next(); tok.Kind != sqltext.EOF; tok = scan.Next() {
		if tok.Kind != sqltext.Comment && sql[tok.Start:tok.End] != ";" {
			return false
		}
	}
	return true
}

// same compares two messages, of which psql leaves out blank lines.
func same(psql, ours string) bool {
	psql, ours = strings.TrimRight(psql, "\n"), strings.TrimRight(ours, "\n")
	i := 0
	for j := range len(ours) {
		switch {
		case i < len(psql) && psql[i] == ours[j]:
			i++
		case ours[j] == '\n' && j > 0 && ours[j-1] == '\n':
		default:
			return false
		}
	}
	return i == len(psql)
}

package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/headgate/headgate/internal/app"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

// migrated is a database with goose's migrations 1 to 4 to move through, and a build that knows 1 to 3.
type migrated struct {
	*goose.Provider
	url   string
	build string // the folder of the build's migrations
}

func newMigrated(t *testing.T) migrated {
	t.Helper()
	config := postgrestest.Database(t, postgrestest.Start(t)).AdminConfig()
	all, build := t.TempDir(), t.TempDir()
	for i := 1; i <= 4; i++ {
		text := fmt.Sprintf("-- +goose Up\nCREATE TABLE step%d (id bigint);\n-- +goose Down\nDROP TABLE step%d;\n", i, i)
		folders := []string{all, build}
		if i == 4 {
			folders = folders[:1]
		}
		for _, dir := range folders {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d_step.sql", i)), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDB(*config), os.DirFS(all), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return migrated{Provider: p, url: databaseURL(config), build: build}
}

func databaseURL(c *pgx.ConnConfig) string {
	u := url.URL{Scheme: "postgres", Path: "/" + c.Database, RawQuery: url.Values{
		"host": {c.Host}, "port": {strconv.Itoa(int(c.Port))}, "user": {c.User}, "password": {c.Password},
	}.Encode()}
	return u.String()
}

// to moves the database to a version, upwards or downwards.
func (m migrated) to(t *testing.T, version int64) {
	t.Helper()
	_, err := m.UpTo(t.Context(), version)
	if err == nil {
		_, err = m.DownTo(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestStatus moves a database through the states.
func TestStatus(t *testing.T) {
	m := newMigrated(t)
	status := func(code int, line string, flags ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		got := app.Main(t.Context(), app.Process{
			Args: append([]string{"status", "--migrations", m.build}, flags...), Stdout: &stdout, Stderr: &stderr,
			Environ: []string{"DATABASE_URL=" + m.url},
		})
		if got != code || stdout.String() != line+"\n" {
			t.Errorf("%v: exit code %d: %s%s\nexpected %d: %s", flags, got, stdout.String(), stderr.String(), code, line)
		}
	}
	status(0, "ok: db=unmanaged expected=3")
	m.to(t, 2)
	status(1, "drift: db=2 expected=3")
	status(1, `{"status":"drift","state":"behind","db":["2"],"expected":["3"],"missing":["3"],"line":"drift: db=2 expected=3"}`, "--json")
	status(0, "ok: db=unmanaged expected=3", "--version-table", "ops.versions")
	status(1, "drift: db=unmanaged expected=3", "--version-table", "ops.versions", "--require-managed")
	m.to(t, 3)
	status(0, "ok: db=3 expected=3", "--strict", "--require-managed")
	m.to(t, 4)
	status(0, "ok: db=4 expected=3 (ahead)")
	status(1, "drift: db=4 expected=3 (ahead)", "--strict")
	m.to(t, 0)
	status(1, "drift: db=none expected=3")
}

// TestStatusWaits starts to wait before the migration and ends after it, as an init container does.
func TestStatusWaits(t *testing.T) {
	m := newMigrated(t)
	m.to(t, 2)
	stderr, said := io.Pipe()
	var stdout bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- app.Main(t.Context(), app.Process{
			Args:   []string{"status", "--database", m.url, "--migrations", m.build, "--wait", "1m", "--interval", "10ms"},
			Stdout: &stdout, Stderr: said,
		})
		said.Close()
	}()
	line := make([]byte, 200)
	n, err := stderr.Read(line)
	if want := "headgate: waiting up to 1m0s: drift: db=2 expected=3\n"; err != nil || string(line[:n]) != want {
		t.Fatalf("%q, %v", line[:n], err)
	}
	m.to(t, 3)
	if rest, err := io.ReadAll(stderr); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	if got := <-code; got != 0 || stdout.String() != "ok: db=3 expected=3\n" {
		t.Errorf("exit code %d: %s", got, stdout.String())
	}
}

// TestServe runs the server as a process: it starts on a database that is behind, says so, heals, and ends well on SIGTERM.
func TestServe(t *testing.T) {
	m := newMigrated(t)
	m.to(t, 2)
	c, temp, _, stderr := start(t, "serve", "--listen", "127.0.0.1:0", "--database", m.url, "--migrations", m.build, "--interval", "10ms")
	address := awaitLine(t, stderr, `level=INFO msg=listening address=(\S+)`)
	awaitLine(t, stderr, `level=ERROR msg="drift: db=2 expected=3" state=behind db=2 expected=3`)
	if code, _ := fetch(t, "http://"+address+"/health"); code != http.StatusOK {
		t.Errorf("/health says %d", code)
	}
	code, body := fetch(t, "http://"+address+"/health/ready")
	if want := `{"status":"drift","state":"behind","db":["2"],"expected":["3"],"missing":["3"],"line":"drift: db=2 expected=3"}`; code != http.StatusServiceUnavailable || strings.TrimSpace(body) != want {
		t.Errorf("%d %s", code, body)
	}
	m.to(t, 3)
	awaitLine(t, stderr, `level=INFO msg="ok: db=3 expected=3"`)
	if code, body := fetch(t, "http://"+address+"/health/ready"); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	if _, metrics := fetch(t, "http://"+address+"/metrics"); !strings.Contains(metrics, `headgate_readiness_state{state="current"} 1`) {
		t.Error(metrics)
	}
	m.to(t, 4)
	awaitLine(t, stderr, `level=WARN msg="ok: db=4 expected=3 \(ahead\)"`)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, left := finish(t, c, temp, stderr); code != 0 || len(left) > 0 {
		t.Errorf("exit code %d; left: %q", code, left)
	}
}

// TestServeWithoutDatabase: a database that is not there keeps nothing from starting.
func TestServeWithoutDatabase(t *testing.T) {
	heads := filepath.Join(t.TempDir(), "heads.json")
	if err := os.WriteFile(heads, []byte(`{"format":"alembic","heads":["1975ea83b712"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, temp, _, stderr := start(t, "serve", "--listen", "127.0.0.1:0", "--database", "postgres://a:secret-word@127.0.0.1:1/app", "--expected", heads)
	address := awaitLine(t, stderr, `msg=listening address=(\S+)`)
	awaitLine(t, stderr, `level=ERROR msg="drift: db=unreachable expected=1975ea83b712" .* error="failed to connect`)
	if code, body := fetch(t, "http://"+address+"/health/ready"); code != http.StatusServiceUnavailable || strings.Contains(body, "127.0.0.1") {
		t.Errorf("%d %s", code, body)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, left := finish(t, c, temp, stderr); code != 0 || len(left) > 0 {
		t.Errorf("exit code %d; left: %q", code, left)
	}
}

// TestServeTakenAddress: an address that somebody has is an error that says so.
func TestServeTakenAddress(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var stderr bytes.Buffer
	heads := filepath.Join(t.TempDir(), "heads.json")
	if err := os.WriteFile(heads, []byte(`{"format":"goose","heads":["1"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	code := app.Main(t.Context(), app.Process{
		Args:   []string{"serve", "--listen", taken.Addr().String(), "--database", "postgres://127.0.0.1:1/app", "--expected", heads},
		Stdout: io.Discard, Stderr: &stderr,
	})
	if code != 3 || !strings.Contains(stderr.String(), "headgate: the address cannot be listened on: ") || !strings.Contains(stderr.String(), "in use") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// awaitLine reads lines until one matches, and gives what the pattern's group holds.
func awaitLine(t *testing.T, lines interface {
	Scan() bool
	Text() string
}, pattern string) string {
	t.Helper()
	for want := regexp.MustCompile(pattern); lines.Scan(); {
		t.Log(lines.Text())
		if m := want.FindStringSubmatch(lines.Text()); m != nil {
			return m[len(m)-1]
		}
		if strings.Contains(lines.Text(), "secret-word") {
			t.Error("the password is in the log")
		}
	}
	t.Fatalf("no line matches %s", pattern)
	return ""
}

func fetch(t *testing.T, address string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

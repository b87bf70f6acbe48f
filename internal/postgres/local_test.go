//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/jackc/pgx/v5"
)

// fakeBinaries makes folders whose postgres prints the version that its folder's name ends in.
func fakeBinaries(t *testing.T, dirs ...string) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, dir := range dirs {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		version := filepath.Base(dir)
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + " (Distribution 9)'\n"
		for _, name := range []string{"initdb", "postgres"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestFindBinaries(t *testing.T) {
	root := fakeBinaries(t, "path/14.2", "lib/9.6", "lib/15.18", "lib/17beta1")
	for _, test := range []struct{ path, version, want string }{
		{"", "", "lib/17beta1"},
		{"", "15", "lib/15.18"},
		{"", "16", "lib/17beta1"},
		{"path/14.2", "", "path/14.2"},
		{"path/14.2", "17", "lib/17beta1"},
		{"path/14.2", "16", "path/14.2"},
	} {
		s := newStarter(Options{Version: test.version, Env: func(name string) string {
			if name == "PATH" && test.path != "" {
				return filepath.Join(root, "nothing") + ":.:" + filepath.Join(root, test.path)
			}
			return ""
		}})
		s.binaryDirs = []string{filepath.Join(root, "lib", "*")}
		got, err := s.findBinaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(root, test.want); got.dir != want {
			t.Errorf("PATH %q, version %q: got %s, want %s", test.path, test.version, got.dir, want)
		}
	}
}

func TestOtherMajorVersionWarns(t *testing.T) {
	requireLocal(t)
	root := tempRoot(t)
	var warnings []string
	o := options(t, Local)
	o.Version = "99"
	o.Env = envWith("TMPDIR", root)
	o.Warn = func(line string) { warnings = append(warnings, line) }
	srv := start(t, o)
	want := fmt.Sprintf("postgres-version is 99, but the local server is PostgreSQL %s: what the two accept can differ.", srv.Version())
	if !slices.Equal(warnings, []string{want}) {
		t.Errorf("the warnings are %q, want %q", warnings, want)
	}
}

func TestReapWorkspaces(t *testing.T) {
	root := tempRoot(t)
	live, err := newWorkspace([]string{root}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := newWorkspace([]string{root}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dead.lock.Close() // as the kernel does when the process dies
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "kept"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	trap := filepath.Join(root, folderPrefix+"trap")
	if err := os.Symlink(outside, trap); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dead.dir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := reapWorkspaces([]string{root, "/nowhere"}, nil); err != nil {
		t.Error(err)
	}
	if got, want := entries(t, root), []string{filepath.Base(live.dir), filepath.Base(trap)}; !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(outside, "kept")); err != nil {
		t.Errorf("a link was followed: %v", err)
	}
	if err := errors.Join(live.remove(), os.Remove(trap)); err != nil {
		t.Error(err)
	}
}

// A socket's path that is too long, and a folder that the server's user cannot enter, lead to the next folder.
func TestWorkspacePlaces(t *testing.T) {
	root := tempRoot(t)
	long := filepath.Join(root, strings.Repeat("x", 80))
	shut := filepath.Join(root, "shut")
	for _, dir := range []string{long, shut} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(dir)
	}
	stranger := &account{uid: 4_000_000_000, gid: 4_000_000_000}
	if stranger.mayReach(shut) || !stranger.mayReach(root) {
		t.Error("mayReach is wrong about a folder of mode 0700 or 1777")
	}
	w, err := newWorkspace([]string{long, filepath.Join(root, "nothing"), root}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(w.dir) != root {
		t.Errorf("the folder is %s", w.dir)
	}
	if err := w.remove(); err != nil {
		t.Error(err)
	}
	if _, err := newWorkspace([]string{long}, nil); err == nil || !strings.Contains(err.Error(), "103 is the most") {
		t.Errorf("got %v", err)
	}
}

// The server's log reaches the user when it does not come up.
func TestServerThatFails(t *testing.T) {
	root := fakeBinaries(t, "bin/15.1")
	if err := os.WriteFile(filepath.Join(root, "bin/15.1/initdb"), []byte("#!/bin/sh\necho 'initdb: error: no \x1b[31mluck' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // for the unprivileged user
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	temp := tempRoot(t)
	s := newStarter(Options{Provider: Local, Env: func(name string) string {
		return map[string]string{"PATH": "/usr/bin:/bin:" + filepath.Join(root, "bin/15.1"), "TMPDIR": temp}[name]
	}})
	s.binaryDirs = nil
	_, err := s.start(t.Context())
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "initdb: error: no") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %q", err)
	}
}

// roles are users of an external server who may do less than everything.
func TestExternalUsers(t *testing.T) {
	p := externalProvider(t)
	hostOptions := p.options(t)
	admin, err := pgx.Connect(t.Context(), hostOptions.Provider)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	for _, test := range []struct {
		user, attributes, grant, warning, fails string
		ownRole                                 bool
	}{
		{user: "maker", attributes: "CREATEDB CREATEROLE", ownRole: true},
		{user: "plain", attributes: "CREATEDB"},
		{user: "reader", attributes: "CREATEDB", grant: "pg_read_server_files", warning: "run programs or read files"},
		{user: "nobody", attributes: "", fails: "may not create databases"},
	} {
		t.Run(test.user, func(t *testing.T) {
			mustExec(t, admin, "CREATE ROLE "+test.user+" LOGIN PASSWORD 'pw' "+test.attributes)
			defer mustExec(t, admin, "DROP ROLE "+test.user)
			if test.grant != "" {
				mustExec(t, admin, "GRANT "+test.grant+" TO "+test.user)
			}
			before := p.left(t)
			var warnings []string
			o := options(t, strings.Replace(hostOptions.Provider, "//postgres:"+admin.Config().Password+"@", "//"+test.user+":pw@", 1))
			o.Warn = func(line string) { warnings = append(warnings, line) }
			srv, err := Start(t.Context(), o)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) || strings.Contains(err.Error(), "pw@") {
					t.Errorf("got %v, want %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			db := createDatabase(t, srv)
			conn := connect(t, db.Config())
			if own := value[string](t, conn, "SELECT current_user::text") != test.user; own != test.ownRole {
				t.Errorf("a role of the run's own: %v, want %v", own, test.ownRole)
			}
			if warned := strings.Join(warnings, "\n"); (test.warning == "") != (warned == "") || !strings.Contains(warned, test.warning) {
				t.Errorf("the warnings are %q, want %q", warned, test.warning)
			}
			mustExec(t, conn, "CREATE TABLE t (id int)")
			conn.Close(t.Context())
			if _, err := srv.Clone(t.Context(), db); err != nil {
				t.Error(err)
			}
			if err := srv.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if after := p.left(t); !slices.Equal(before, after) {
				t.Errorf("before there were %q, after %q", before, after)
			}
		})
	}
}

func TestBadOptions(t *testing.T) {
	for _, test := range []struct {
		options Options
		want    string
	}{
		{Options{Provider: "docker"}, `unknown postgres provider "docker": it is one of auto, container, local, or a postgres:// URL`},
		{Options{Provider: "mysql://me:secret@host"}, `unknown postgres provider "mysql://…": it is one of auto, container, local, or a postgres:// URL`},
		{Options{Version: "latest"}, `postgres-version "latest" is not a major version: write it as 17`},
	} {
		if _, err := Start(t.Context(), test.options); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	_, err := Start(t.Context(), Options{Provider: "postgres://me:secret@127.0.0.1:1/db?connect_timeout=1"})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// tail keeps the end, however the writes are cut.
func TestTail(t *testing.T) {
	check := func(parts [][]byte) bool {
		var log tail
		var all []byte
		for _, p := range parts {
			if n, err := log.Write(p); n != len(p) || err != nil {
				return false
			}
			all = append(all, p...)
		}
		return string(log.end) == string(all[max(0, len(all)-tailBytes):])
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
	var log tail
	fmt.Fprint(&log, strings.Repeat("x", 3*tailBytes)+"\none\n\n two\x1b[0m\r\nthree\n")
	if got, want := log.lastLines(), "one / two [0m / three"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

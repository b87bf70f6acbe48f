package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// installedDirs are the folders in which packages install PostgreSQL's programs, as glob patterns.
func installedDirs() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{`C:\Program Files\PostgreSQL\*\bin`}
	case "darwin":
		return []string{
			"/opt/homebrew/opt/postgresql@*/bin",
			"/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
		}
	default:
		return []string{
			"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
			"/usr/pgsql-*/bin",          // packages of postgresql.org for Red Hat and its like
			"/usr/libexec/postgresql*",  // Alpine
			"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
		}
	}
}

// binaries are the programs of one installed PostgreSQL.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, executable(program)) }

func executable(program string) string {
	if runtime.GOOS == "windows" {
		return program + ".exe"
	}
	return program
}

// findBinaries chooses among what is installed: the wanted major version, else the first on PATH, else the highest.
func (s *starter) findBinaries(ctx context.Context) (binaries, error) {
	var dirs []string
	add := func(dir string) {
		if !filepath.IsAbs(dir) || slices.Contains(dirs, dir) { // a relative PATH entry would be the checkout's own
			return
		}
		for _, program := range []string{"initdb", "postgres"} {
			if info, err := os.Stat(filepath.Join(dir, executable(program))); err != nil || info.IsDir() {
				return
			}
		}
		dirs = append(dirs, dir)
	}
	for _, dir := range filepath.SplitList(s.Env("PATH")) {
		add(dir)
	}
	onPath := len(dirs)
	for _, pattern := range s.binaryDirs {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		for _, dir := range found {
			add(dir)
		}
	}
	var installed []binaries
	var errs []error
	for _, dir := range dirs {
		major, err := serverMajor(ctx, filepath.Join(dir, executable("postgres")))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		installed = append(installed, binaries{dir, major})
	}
	if len(installed) == 0 {
		places := strings.Join(s.binaryDirs, ", ")
		return binaries{}, errors.Join(append(errs, fmt.Errorf("initdb and postgres are neither on PATH nor in %s", places))...)
	}
	if i := slices.IndexFunc(installed, func(b binaries) bool { return strconv.Itoa(b.major) == s.Version }); i >= 0 {
		return installed[i], nil
	}
	if onPath > 0 {
		return installed[0], nil
	}
	return slices.MaxFunc(installed, func(a, b binaries) int { return cmp.Compare(a.major, b.major) }), nil
}

// serverMajor asks a postgres program for its major version: "postgres (PostgreSQL) 15.18 (Debian …)".
func serverMajor(ctx context.Context, program string) (int, error) {
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%s --version: %w", program, err)
	}
	for _, word := range strings.Fields(string(out)) {
		digits := word[:len(word)-len(strings.TrimLeft(word, "0123456789"))]
		if major, err := strconv.Atoi(digits); err == nil {
			return major, nil
		}
	}
	return 0, fmt.Errorf("%s --version printed %q", program, strings.TrimSpace(string(out)))
}

// startLocal makes and starts a server from the programs that are installed.
func (s *starter) startLocal(ctx context.Context) (*Server, error) {
	programs, err := s.findBinaries(ctx)
	if err != nil {
		return nil, err
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := reapWorkspaces(s.tempDirs, account); err != nil {
		s.Warn(fmt.Sprintf("A folder that an earlier run left is still there: %v.", err))
	}
	space, err := newWorkspace(s.tempDirs, account)
	if err != nil {
		return nil, fmt.Errorf("making a folder for the server: %w", err)
	}
	l := &localServer{space: space, password: rand.Text()}
	conn, err := l.start(ctx, s, programs, account)
	if err != nil {
		return nil, errors.Join(err, l.stop(context.WithoutCancel(ctx)))
	}
	return s.adopt(ctx, instance{provider: Local, conn: conn, stop: l.stop, inMemory: memoryFolder(space.dir, 0)})
}

// localServer is the server of one run.
type localServer struct {
	space    *workspace
	password string // the superuser's
	process  *process
}

// initdbFlags are initdb's arguments for a server that nobody will miss, beside its folder and its
// password's file. The authentication is not peer nor trust, for the server runs as another user where
// this process is root.
const initdbFlags = "--username=postgres --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync --no-clean --no-instructions"

func (l *localServer) start(ctx context.Context, s *starter, programs binaries, account *account) (*pgx.Conn, error) {
	passwordFile := filepath.Join(l.space.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(l.password+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := account.own(passwordFile); err != nil {
		return nil, err
	}
	at, settings, err := l.space.listen()
	if err != nil {
		return nil, err
	}
	l.process, err = launch(programs, l.space, account, settingArgs(append(serverSettings(), settings...)), serverEnv(s.Env, l.space.dir))
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", programs.path("postgres"), err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.readyTimeout, fmt.Errorf("the server did not answer within %v", s.readyTimeout))
	defer cancel()
	conn, err := connectWhenUp(ctx, at, l.password, l.process.ended)
	if err != nil {
		if last := l.process.log.lastLines(); last != "" {
			err = fmt.Errorf("%w; it printed: %s", err, last)
		}
		return nil, fmt.Errorf("starting %s: %w", programs.path("postgres"), err)
	}
	return conn, nil
}

// serverEnv is the server's environment: nothing of this process's own, which can hold a CI job's secrets.
func serverEnv(env func(string) string, home string) []string {
	vars := []string{
		"LC_ALL=C",
		"TZ=UTC", // spares initdb the reading of every time zone to find the machine's own
		"HOME=" + home,
	}
	for _, name := range []string{"PATH", "SystemRoot", "TEMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value := env(name); value != "" {
			vars = append(vars, name+"="+value)
		}
	}
	return vars
}

func (l *localServer) stop(ctx context.Context) error {
	var err error
	if l.process != nil {
		ctx, cancel := context.WithTimeout(ctx, closeTimeout)
		defer cancel()
		err = l.process.stop(ctx)
	}
	return errors.Join(err, l.space.remove())
}

// memoryRoom is how many bytes have to be free in memory for a server's folder to be there: the gate's
// databases, all clones of an empty schema, stay far below, and the log is held below max_wal_size.
const memoryRoom = 2 << 30

// tempDirs are the folders in which a server's own may be, best first: the user's choice (TMPDIR), memory,
// where making and cloning databases takes a fraction of the time, then the disk. A socket's path may be
// about a hundred bytes long, and a server that runs as another user has to reach it, so the first need
// not do.
func tempDirs(env func(string) string) []string {
	if runtime.GOOS == "windows" {
		return []string{os.TempDir()}
	}
	var dirs []string
	if dir := env("TMPDIR"); dir != "" {
		dirs = append(dirs, dir)
	}
	if memoryFolder("/dev/shm", memoryRoom) {
		dirs = append(dirs, "/dev/shm")
	}
	return append(dirs, "/tmp", "/var/tmp")
}

//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// localLeash makes a server, runs it, and when its standard input ends, which is the leash, ends and
// removes it. It asks $! for the child that runs: a variable of its own would be set a moment too late.
// SIGQUIT is PostgreSQL's immediate shutdown.
const localLeash = `dir=$1 initdb=$2 postgres=$3
shift 3
exec 3<&0 </dev/null
trap 'trap "" TERM; kill -QUIT $! 2>/dev/null; wait $!; rm -rf "$dir"; exit 0' TERM
{ cat <&3; kill -TERM $$; } >/dev/null 2>&1 &
exec 3<&-
"$initdb" --pgdata="$dir/data" --pwfile="$dir/password" ` + initdbFlags + ` >/dev/null &
wait $! || exit
rm -f "$dir/password"
"$postgres" -D "$dir/data" "$@" &
wait $!
`

// process is a local server's processes: a shell that holds it on the leash, and the server.
type process struct {
	leash io.Closer     // its closing ends the server
	ended chan struct{} // closed when all have ended
	log   tail          // the end of what the server printed
	kill  func()
}

func launch(programs binaries, space *workspace, as *account, settings, env []string) (*process, error) {
	args := append([]string{"-c", localLeash, "headgate", space.dir, programs.path("initdb"), programs.path("postgres")}, settings...)
	cmd := exec.Command("/bin/sh", args...) //nolint:noctx // it is ended in order, by the leash, and not by a context
	cmd.Dir = space.dir
	cmd.Env = env
	// A session of its own: Ctrl-C at the terminal is for this process, which then ends the server in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	p := &process{ended: make(chan struct{})}
	cmd.Stderr = &p.log
	cmd.WaitDelay = 5 * time.Second // a backend that outlives the server holds stderr open
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.leash = leash
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.kill = func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // the log says why it ended
	}()
	return p, nil
}

func (p *process) stop(ctx context.Context) error {
	_ = p.leash.Close() // it is closed already where the server has ended by itself
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("the server did not end in time: %w", ctx.Err())
	}
}

// account is the unprivileged user as whom a server runs that root starts: PostgreSQL refuses root.
type account struct{ uid, gid uint32 }

// serverAccount is nil where this process is not root: the server then runs as the same user.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			errs = append(errs, err)
			continue
		}
		return &account{uint32(uid), uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other user to run it as: %w", errors.Join(errs...))
}

// own gives a file to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// mayReach says whether the account may pass through a folder and all above it.
func (a *account) mayReach(dir string) bool {
	if a == nil {
		return true
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			return false
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		mode := info.Mode().Perm()
		if !ok || !(mode&0o001 != 0 || mode&0o100 != 0 && st.Uid == a.uid || mode&0o010 != 0 && st.Gid == a.gid) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

const (
	folderPrefix = "headgate-pg-"
	socketPort   = 5432
	// maxSocketPath fits every system's sockaddr_un: 104 bytes with the final NUL on macOS and BSD, 108 on Linux (unix(7)).
	maxSocketPath = 103
)

// workspace is the folder of one local server: its data and its socket. Its lock is held for as long as
// the process lives that made it, however it dies.
type workspace struct {
	dir  string
	lock *os.File
}

func newWorkspace(roots []string, as *account) (*workspace, error) {
	var errs []error
	for _, root := range roots {
		root, err := filepath.Abs(root)
		if err == nil {
			var w *workspace
			if w, err = newWorkspaceIn(root, as); err == nil {
				return w, nil
			}
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func newWorkspaceIn(root string, as *account) (*workspace, error) {
	if n := len(filepath.Join(root, folderPrefix+"4294967295", ".s.PGSQL.5432")); n > maxSocketPath {
		return nil, fmt.Errorf("%s: a socket's path there would have %d bytes, and %d is the most", root, n, maxSocketPath)
	}
	if !as.mayReach(root) {
		return nil, fmt.Errorf("%s: the user as whom PostgreSQL would run may not enter it", root)
	}
	const tries = 10 // another run may take a folder for a dead one's, between its making and its locking
	for range tries {
		dir, err := os.MkdirTemp(root, folderPrefix) // mode 0700
		if err != nil {
			return nil, err
		}
		lock, err := lockFolder(dir)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EWOULDBLOCK) {
				continue
			}
			return nil, errors.Join(err, os.Remove(dir))
		}
		if here, err := os.Lstat(dir); err == nil {
			if locked, err := lock.Stat(); err == nil && os.SameFile(here, locked) {
				w := &workspace{dir, lock}
				if err := as.own(dir); err != nil {
					return nil, errors.Join(err, w.remove())
				}
				return w, nil
			}
		}
		lock.Close()
	}
	return nil, fmt.Errorf("%s: every new folder was removed by another process", root)
}

// lockFolder locks a folder itself, so there is no moment at which it has no lock file yet. It fails with
// EWOULDBLOCK where another process has the lock.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// listen chooses where the server listens: on a socket in its folder, and on no network.
func (w *workspace) listen() (address, []string, error) {
	return address{w.dir, socketPort}, []string{
		"listen_addresses=",
		"unix_socket_directories=" + quoteListItem(w.dir),
		"unix_socket_permissions=0700",
		fmt.Sprintf("port=%d", socketPort),
	}, nil
}

// quoteListItem writes a path as one item of a setting that is a list.
func quoteListItem(path string) string { return `"` + strings.ReplaceAll(path, `"`, `""`) + `"` }

func (w *workspace) remove() error {
	err := os.RemoveAll(w.dir)
	return errors.Join(err, w.lock.Close())
}

// reapWorkspaces removes the folders whose makers are dead. A folder in a place where all may write can be
// anybody's trap, so only real folders of this user's or the server's are touched, and by descriptor.
func reapWorkspaces(roots []string, as *account) error {
	var errs []error
	for _, root := range roots {
		entries, err := os.ReadDir(root)
		if err != nil {
			continue // no such folder, or not ours to read: nothing was made there
		}
		for _, e := range entries {
			if e.IsDir() && strings.HasPrefix(e.Name(), folderPrefix) {
				errs = append(errs, reapWorkspace(filepath.Join(root, e.Name()), as))
			}
		}
	}
	return errors.Join(errs...)
}

func reapWorkspace(dir string, as *account) error {
	lock, err := lockFolder(dir)
	if err != nil {
		return nil // its maker lives, or it is somebody else's
	}
	defer lock.Close()
	info, err := lock.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() && (as == nil || st.Uid != as.uid) {
		return nil
	}
	endOrphan(filepath.Join(dir, "data"))
	err = os.RemoveAll(dir)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrNotExist) {
		return nil // its own shell is removing it at the moment
	}
	return err
}

// endOrphan ends a server that lost its shell. PostgreSQL would find out by itself within a minute of its
// folder's removal. The process id stands in a file, so it is believed only where the kernel says that the
// process works in this very folder; where there is no /proc the minute has to do.
func endOrphan(data string) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid <= 1 {
		return
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && cwd == data {
		_ = syscall.Kill(pid, syscall.SIGQUIT)
	}
}

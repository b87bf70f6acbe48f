package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// process is a local server's processes. They are in a job whose only handle this process holds, so the
// kernel ends them with it: that is the leash.
type process struct {
	leash      windows.Handle
	stopServer func(context.Context) error
	ended      chan struct{} // closed when pg_ctl has ended in failure
	log        tail          // the end of what initdb and pg_ctl printed
}

// launch makes the server and starts it through pg_ctl, which gives up an administrator's rights as
// PostgreSQL demands (https://www.postgresql.org/docs/current/app-pg-ctl.html).
func launch(programs binaries, space *workspace, _ *account, settings, env []string) (*process, error) {
	data := filepath.Join(space.dir, "data")
	job, err := newJob()
	if err != nil {
		return nil, fmt.Errorf("making a job: %w", err)
	}
	p := &process{leash: job, ended: make(chan struct{})}
	p.stopServer = func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, programs.path("pg_ctl"), "stop", "-D", data, "-m", "immediate")
		cmd.Env = env
		return cmd.Run()
	}
	quoted := make([]string, len(settings))
	for i, s := range settings {
		quoted[i] = `"` + s + `"`
	}
	initdb := append([]string{"--pgdata=" + data, "--pwfile=" + filepath.Join(space.dir, "password")}, strings.Fields(initdbFlags)...)
	steps := []*exec.Cmd{
		exec.Command(programs.path("initdb"), initdb...),
		exec.Command(programs.path("pg_ctl"), "start", "-D", data, "-W", "-l", filepath.Join(space.dir, "log"), "-o", strings.Join(quoted, " ")),
	}
	go func() {
		for _, cmd := range steps {
			cmd.Env, cmd.Stderr = env, &p.log
			if err := runInJob(cmd, job); err != nil {
				fmt.Fprintf(&p.log, "%s: %v\n", filepath.Base(cmd.Path), err)
				close(p.ended)
				return
			}
		}
	}()
	return p, nil
}

func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		return 0, errors.Join(err, windows.CloseHandle(job))
	}
	return job, nil
}

func runInJob(cmd *exec.Cmd, job windows.Handle) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(cmd.Process.Pid))
	if err == nil {
		err = windows.AssignProcessToJobObject(job, handle)
		_ = windows.CloseHandle(handle)
	}
	return errors.Join(cmd.Wait(), err)
}

func (p *process) stop(ctx context.Context) error {
	err := p.stopServer(ctx)
	// Whatever pg_ctl left, the job's end ends.
	return errors.Join(windows.CloseHandle(p.leash), ignoreExit(err))
}

// ignoreExit forgets that pg_ctl found no server to stop.
func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// account has no meaning here: pg_ctl and initdb give up an administrator's rights by themselves.
type account struct{}

func serverAccount() (*account, error) { return nil, nil }

func (a *account) own(string) error { return nil }

const (
	folderPrefix = "headgate-pg-"
	lockName     = "lock"
	// makeGrace is how long a folder may be without a lock: its maker is about to lock it.
	makeGrace = time.Hour
)

// workspace is the folder of one local server. Its lock is held for as long as the process lives that made it.
type workspace struct {
	dir  string
	lock *os.File
}

func newWorkspace(roots []string, _ *account) (*workspace, error) {
	var errs []error
	for _, root := range roots {
		dir, err := os.MkdirTemp(root, folderPrefix)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			if err = lockFile(lock); err == nil {
				return &workspace{dir, lock}, nil
			}
			lock.Close()
		}
		errs = append(errs, err, os.RemoveAll(dir))
	}
	return nil, errors.Join(errs...)
}

func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
}

// listen chooses where the server listens: on a port of the loopback that is free at the moment. PostgreSQL
// takes no port 0.
func (w *workspace) listen() (address, []string, error) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return address{}, nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return address{}, nil, err
	}
	return address{"127.0.0.1", uint16(port)}, []string{"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", port)}, nil
}

func (w *workspace) remove() error {
	err := w.lock.Close()
	return errors.Join(err, os.RemoveAll(w.dir))
}

// reapWorkspaces removes the folders whose makers are dead.
func reapWorkspaces(roots []string, _ *account) error {
	var errs []error
	for _, root := range roots {
		dirs, _ := filepath.Glob(filepath.Join(root, folderPrefix+"*"))
		for _, dir := range dirs {
			errs = append(errs, reapWorkspace(dir))
		}
	}
	return errors.Join(errs...)
}

func reapWorkspace(dir string) error {
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < makeGrace {
			return nil
		}
		return os.RemoveAll(dir)
	}
	if err != nil {
		return nil // somebody else's
	}
	locked := lockFile(lock)
	lock.Close()
	if locked != nil {
		return nil // its maker lives
	}
	return os.RemoveAll(dir)
}

//go:build unix

package command

import (
	"os/exec"
	"syscall"
)

var shell = [...]string{"sh", "-c"}

// endWithChildren has the end of the command end whatever it started, too.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

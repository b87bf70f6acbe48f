package command

import "os/exec"

var shell = [...]string{"cmd", "/C"}

// endWithChildren does nothing: what the command started ends by itself.
func endWithChildren(*exec.Cmd) {}

package gitrepo

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// NotARepositoryError says that a folder is in no git repository.
type NotARepositoryError struct {
	Dir    string
	Reason string // what is wrong with the repository that seemed to be there; "" if there is none
}

func (e *NotARepositoryError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("%s: not a git repository: %s", e.Dir, e.Reason)
	}
	return fmt.Sprintf("%s: not a git repository (nor any of the folders above it)", e.Dir)
}

// BareError says that a bare repository was asked for its work tree.
type BareError struct{ GitDir string }

func (e *BareError) Error() string {
	return fmt.Sprintf("%s: the repository is bare and has no work tree: name the proposed revision with --head", e.GitDir)
}

// RevisionError says that a repository that is complete has no such commit.
type RevisionError struct {
	Rev    string
	Reason string
}

func (e *RevisionError) Error() string {
	return fmt.Sprintf("no such revision %q: %s", e.Rev, e.Reason)
}

// UnreachableError says that a base exists but is not in this clone and could
// not be fetched. No verdict can be given without it.
type UnreachableError struct {
	Ref string // the base, or the branch whose history it is to be found in
	Err error  // why it could not be fetched
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("the base %s cannot be reached: %v; check out the whole history: `fetch-depth: 0` in actions/checkout, or `git fetch --unshallow --tags`", e.Ref, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// CommandError is a git command that failed.
type CommandError struct {
	Command string // the git subcommand, such as "fetch"
	Message string // the telling line of what git wrote to stderr, without control characters and passwords
	Err     error  // the *exec.ExitError, or why git could not be run
}

func (e *CommandError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("git %s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("git %s: %s", e.Command, e.Message)
}

func (e *CommandError) Unwrap() error { return e.Err }

// credentials are the user name and password of a URL.
var credentials = regexp.MustCompile(`://[^/@\s]+@`)

const maxMessage = 300 // runes

// tellingLine picks the line of git's stderr that says what went wrong: the
// first "fatal:" or "error:" line, since hints, warnings and what a remote says
// can stand before it. Else it is the first line.
func tellingLine(stderr string) string {
	line, rank := "", 0
	for l := range strings.Lines(stderr) {
		l = strings.TrimSpace(l)
		got := 1
		switch {
		case l == "":
			got = 0
		case strings.HasPrefix(l, "fatal: "):
			got = 3
		case strings.HasPrefix(l, "error: "):
			got = 2
		}
		if got > rank {
			line, rank = l, got
		}
	}
	line = strings.TrimPrefix(strings.TrimPrefix(line, "fatal: "), "error: ")
	line = credentials.ReplaceAllString(line, "://")
	line = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(line, "?"))
	if runes := []rune(line); len(runes) > maxMessage {
		line = string(runes[:maxMessage]) + "…"
	}
	return line
}

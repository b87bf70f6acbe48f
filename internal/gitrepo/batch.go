package gitrepo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// batch is one long-lived `git cat-file --batch` (contents) or `--batch-check`
// (sizes) process, started by the first question and again after a failure.
type batch struct {
	git  git
	ctx  context.Context
	mode string

	mu     sync.Mutex
	closed bool
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr head
}

var (
	errClosed  = errors.New("the repository is closed")
	errMissing = errors.New("the object is missing from the repository")
)

// content is the blob with this object id.
func (b *batch) content(hash string) ([]byte, error) {
	var content []byte
	err := b.ask(hash, func(size int64) error {
		content = make([]byte, size)
		if _, err := io.ReadFull(b.out, content); err != nil {
			return err
		}
		end, err := b.out.ReadByte()
		if err == nil && end != '\n' {
			err = fmt.Errorf("git cat-file: no newline after the object %s", hash)
		}
		return err
	})
	return content, err
}

// size is the size in bytes of the blob with this object id.
func (b *batch) size(hash string) (int64, error) {
	var size int64
	err := b.ask(hash, func(n int64) error { size = n; return nil })
	return size, err
}

func (b *batch) ask(hash string, answer func(size int64) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed
	}
	if err := b.start(); err != nil {
		return err
	}
	size, err := b.header(hash)
	if errors.Is(err, errMissing) {
		return err // the process is well and waits for the next question
	}
	if err == nil {
		err = answer(size)
	}
	if err != nil {
		return b.fail(err)
	}
	return nil
}

func (b *batch) start() error {
	if b.cmd != nil {
		return nil
	}
	cmd := b.git.command(b.ctx, "cat-file", b.mode)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	b.stderr = head{}
	cmd.Stderr = &b.stderr
	if err := cmd.Start(); err != nil {
		return &CommandError{Command: "cat-file", Err: err}
	}
	b.cmd, b.in = cmd, in
	if b.out == nil {
		b.out = bufio.NewReaderSize(out, 64<<10)
	} else {
		b.out.Reset(out)
	}
	return nil
}

// header asks for an object and reads "<id> blob <size>".
func (b *batch) header(hash string) (int64, error) {
	if _, err := io.WriteString(b.in, hash+"\n"); err != nil {
		return 0, err
	}
	line, err := b.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(line)
	if len(fields) == 2 && fields[1] == "missing" {
		return 0, errMissing
	}
	if len(fields) != 3 || fields[0] != hash || fields[1] != "blob" {
		return 0, fmt.Errorf("git cat-file answered %q", line)
	}
	return strconv.ParseInt(fields[2], 10, 64)
}

// fail ends a process that broke off or is out of step, and explains the error
// by what it wrote.
func (b *batch) fail(err error) error {
	b.stop(false)
	if b.ctx.Err() != nil {
		return b.ctx.Err()
	}
	return &CommandError{Command: "cat-file", Message: tellingLine(string(b.stderr.text)), Err: err}
}

// stop ends the process and waits for it.
func (b *batch) stop(graceful bool) {
	if b.cmd == nil {
		return
	}
	b.in.Close() // which is what git cat-file ends by, unless it has more to write
	if !graceful {
		_ = b.cmd.Process.Kill() // it may have ended already
	}
	_ = b.cmd.Wait() // how it ended says nothing about what was read
	b.cmd = nil
}

func (b *batch) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop(true)
	b.closed = true
}

package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/report"
)

// baselineFile is the baseline of findings where no setting names another.
const baselineFile = "headgate-baseline.json"

// commentTree is a tree whose files are looked through for ignore comments when somebody reads them for the first time, so
// that no file is read for that alone.
type commentTree struct {
	fs.FS
	mutex    sync.Mutex
	seen     map[string]bool
	comments []gate.IgnoreComment
}

func newCommentTree(tree fs.FS) *commentTree {
	return &commentTree{FS: tree, seen: map[string]bool{}}
}

// ReadFile implements [fs.ReadFileFS].
func (t *commentTree) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(t.FS, name)
	if err != nil {
		return text, err
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if !t.seen[name] {
		t.seen[name] = true
		t.comments = append(t.comments, gate.IgnoreComments(name, text)...)
	}
	return text, nil
}

// ReadDir implements [fs.ReadDirFS].
func (t *commentTree) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.FS, name) }

// Stat implements [fs.StatFS].
func (t *commentTree) Stat(name string) (fs.FileInfo, error) { return fs.Stat(t.FS, name) }

// found are the comments so far.
func (t *commentTree) found() []gate.IgnoreComment {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.comments
}

// findBaseline reads the baseline of findings from the head's tree, as it is with the settings. There need not be one,
// unless a setting names it.
func (c *run) findBaseline() (err error) {
	name := c.config.FindingsBaseline
	if name == "" {
		name = baselineFile
		if c.config.Service != "" {
			name = strings.TrimSuffix(baselineFile, ".json") + "." + c.config.Service + ".json"
		}
	}
	c.baseline = &gate.Baseline{File: name}
	file, err := c.headTree.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && (c.config.FindingsBaseline == "" || c.writeBaseline):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return usageError{fmt.Errorf("findings-baseline: there is no file %s; headgate check --write-baseline writes it", name)}
	case err != nil:
		return usageError{err}
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if c.writeBaseline {
		return nil // it is about to be replaced, whatever it holds
	}
	if c.baseline, err = gate.ReadBaseline(name, file); err != nil {
		return usageError{err}
	}
	return nil
}

// settle takes out of the result what people live with, and says what is left of it.
func (c *run) settle(r *gate.Result) error {
	gate.IgnoreByComment(r, c.comments.found(), c.today)
	if c.writeBaseline {
		c.baseline = gate.NewBaseline(c.baseline.File, r.Findings)
		if err := c.replaceBaseline(); err != nil {
			return fmt.Errorf("write the baseline of findings: %w", err)
		}
		c.say("%s has %s now", c.baseline.File, report.Count(len(c.baseline.Entries), "finding"))
	}
	gate.IgnoreByBaseline(r, c.baseline)
	r.Causes = gate.Causes(r.Findings)
	r.Plan = gate.Plan(r.Findings, r.Pending, c.own(c.changed))
	r.Verdict = "pass"
	for i := range r.Findings {
		if r.Findings[i].Severity == gate.Error {
			r.Verdict = "fail"
		}
	}
	return nil
}

// own are the files of a service, its code and its migrations, among those of all.
func (c *run) own(files []string) []string {
	if c.config.Service == "" {
		return files
	}
	migrations := c.migrationPlaces()
	var others migration.Places
	others.AddFolders(c.elsewhere...)
	var own []string
	for _, file := range files {
		if migrations.Holds(file) || c.config.Reads(file) && !others.Holds(file) && file != config.File {
			own = append(own, file)
		}
	}
	return own
}

// replaceBaseline writes the file into the work tree. No folder that leads to it may be a link out of there.
func (c *run) replaceBaseline() (err error) {
	root, err := os.OpenRoot(c.repo.Top())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	name := filepath.FromSlash(c.baseline.File)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	beside := name + ".new"
	if err := root.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(c.baseline.Write(file), file.Close()); err != nil {
		return errors.Join(err, root.Remove(beside))
	}
	return root.Rename(beside, name)
}

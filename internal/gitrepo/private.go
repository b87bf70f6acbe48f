package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func (p place) index() string { return filepath.Join(p.gitDir, "index") }

// prepare fills the private git directory.
func (r *Repo) prepare(ctx context.Context) error {
	for _, dir := range []string{"objects/info", "objects/pack", "refs", "info"} {
		if err := os.MkdirAll(filepath.Join(r.private, filepath.FromSlash(dir)), 0o700); err != nil {
			return err
		}
	}
	objects := filepath.ToSlash(filepath.Join(r.place.commonDir, "objects"))
	if err := r.write("objects/info/alternates", quotePath(objects)+"\n"); err != nil {
		return err
	}
	if err := r.borrow(); err != nil {
		return err
	}
	if err := r.copyConfig(ctx); err != nil {
		return fmt.Errorf("read the repository's configuration: %w", err)
	}
	if err := r.copyRefs(ctx); err != nil {
		return fmt.Errorf("read the repository's refs: %w", err)
	}
	return nil
}

// borrow copies the small files without which git would misread the objects or
// the index: where a shallow history ends, what is ignored, and the shared part
// of a split index.
func (r *Repo) borrow() error {
	files := map[string]string{
		filepath.Join(r.place.commonDir, "shallow"):         "shallow",
		filepath.Join(r.place.commonDir, "info", "exclude"): "info/exclude",
		filepath.Join(r.place.gitDir, "ORIG_HEAD"):          "ORIG_HEAD",
	}
	entries, err := os.ReadDir(r.place.gitDir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() && strings.HasPrefix(entry.Name(), "sharedindex.") {
			files[filepath.Join(r.place.gitDir, entry.Name())] = entry.Name()
		}
	}
	for from, to := range files {
		text, err := os.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.write(to, string(text)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Repo) write(name, text string) error {
	name = filepath.Join(r.private, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o600)
}

// copyConfig writes the private configuration from the allowed keys of the
// checkout's own: its config, config.worktree and whatever they include.
func (r *Repo) copyConfig(ctx context.Context) error {
	out, err := r.checkout.output(ctx, nil, "config", "--list", "-z", "--show-scope")
	if err != nil {
		return err
	}
	settings, err := parseConfig(out)
	if err != nil {
		return err
	}
	settings = slices.DeleteFunc(settings, func(s setting) bool {
		return s.scope != "local" && s.scope != "worktree" || !s.allowed()
	})
	r.remote, r.promisor = remotes(settings)
	var text strings.Builder
	fmt.Fprintf(&text, "[core]\n\trepositoryformatversion = 1\n\tbare = %t\n", r.place.top == "")
	for _, s := range settings {
		s.writeTo(&text)
	}
	return r.write("config", text.String())
}

// shallow tells whether history is cut off somewhere.
func (r *Repo) shallow() bool {
	info, err := os.Stat(filepath.Join(r.private, "shallow"))
	return err == nil && info.Size() > 0
}

// quotePath writes a path as objects/info/alternates takes any: in double
// quotes, with git's C-style escapes.
func quotePath(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

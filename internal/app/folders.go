package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// contractFolders are the folders that the setting `contract` names beside the migrations' own.
func (c *run) contractFolders(dir string) []string {
	var folders []string
	for _, pattern := range c.config.Contract {
		folder := path.Clean(strings.TrimSuffix(pattern, "/**"))
		if folder == dir || strings.ContainsAny(folder, "*?[{") {
			continue
		}
		for _, tree := range []fs.FS{c.headTree, c.baseTree} {
			if info, err := fs.Stat(tree, folder); err == nil && info.IsDir() {
				folders = append(folders, folder)
				break
			}
		}
	}
	return folders
}

// inFolders is a format whose history lies in several folders: more beside the first one, and others for what contracts the
// schema. The tool runs all of them by their versions and notes them in one table.
type inFolders struct {
	migration.Format
	more, contract []string
}

// Read reads the folders into one history.
func (f inFolders) Read(fsys fs.FS, dir string) (*migration.History, error) {
	h, err := f.Format.Read(fsys, dir)
	if err != nil {
		return nil, err
	}
	read := map[string]bool{}
	for i, folder := range slices.Concat(f.more, f.contract) {
		for _, r := range h.Revisions {
			read[r.File] = true
		}
		more, err := f.Format.Read(fsys, folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue // there was no migration in it yet
		}
		if err != nil {
			return nil, err
		}
		before := len(h.Revisions)
		for _, r := range more.Revisions {
			if read[r.File] {
				continue // the tool's own settings name the folder too
			}
			r.Contract = i >= len(f.more)
			if r.Position > 0 { // of its own folder
				r.Position += before
			}
			h.Revisions = append(h.Revisions, r)
		}
	}
	return f.Tool().Sort(h)
}

// Migrator applies each revision from its own folder.
func (f inFolders) Migrator(fsys fs.FS, h *migration.History, to migration.Target) (migration.Migrator, error) {
	folders := map[string]bool{}
	for _, folder := range f.folders(h) {
		folders[folder] = true
	}
	parts := map[string]*migration.History{}
	for _, r := range h.Revisions {
		dir := innermost(folders, r.File)
		if parts[dir] == nil {
			parts[dir] = &migration.History{Format: h.Format, Dir: dir}
		}
		parts[dir].Revisions = append(parts[dir].Revisions, r)
	}
	all := byFolder{}
	for dir, part := range parts {
		m, err := f.Format.Migrator(fsys, part, to)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all[dir] = m
	}
	return all, nil
}

// folders are those of a history, its own first.
func (f inFolders) folders(h *migration.History) []string {
	return slices.Concat([]string{h.Dir}, f.more, f.contract)
}

// RunsAlways tells whether a deploy of one of the folders does.
func (f inFolders) RunsAlways(fsys fs.FS, h *migration.History) (bool, error) {
	for _, folder := range f.folders(h) {
		always, err := migration.RunsAlways(f.Format, fsys, &migration.History{Format: h.Format, Dir: folder})
		if always || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return always, err
		}
	}
	return false, nil
}

// byFolder are the migrators of the folders.
type byFolder map[string]migration.Migrator

// innermost is the innermost of the folders that a file lies in, or else its own.
func innermost[T any](folders map[string]T, file string) string {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if _, is := folders[dir]; is {
			return dir
		}
		if dir == "." || dir == "/" {
			return path.Dir(file)
		}
	}
}

func (b byFolder) of(r migration.Revision) (migration.Migrator, error) {
	if m := b[innermost(b, r.File)]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("%s lies in no folder of the history", r.File)
}

// Finish ends the deploy in each folder.
func (b byFolder) Finish(ctx context.Context) (statements []migration.Statement, err error) {
	for _, folder := range slices.Sorted(maps.Keys(b)) {
		ran, err := migration.Finish(ctx, b[folder])
		statements = append(statements, ran...)
		if err != nil {
			return statements, err
		}
	}
	return statements, nil
}

// Apply runs one revision.
func (b byFolder) Apply(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	m, err := b.of(r)
	if err != nil {
		return nil, err
	}
	return m.Apply(ctx, r)
}

// Revert takes one revision back.
func (b byFolder) Revert(ctx context.Context, r migration.Revision) ([]migration.Statement, error) {
	m, err := b.of(r)
	if err != nil {
		return nil, err
	}
	return m.Revert(ctx, r)
}

// Close closes all of them.
func (b byFolder) Close() (err error) {
	for _, m := range b {
		err = errors.Join(err, m.Close())
	}
	return err
}

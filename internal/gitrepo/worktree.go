package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// WorkTree is the files on disk: those that git tracks, and those that it would
// take in because nothing ignores them. Deleted ones are not among them; those
// that a sparse checkout leaves out are, and are read from the index. No path
// leaves the work tree, whatever a symbolic link says. The error is a
// [*BareError] in a bare repository.
func (r *Repo) WorkTree(ctx context.Context) (*Tree, error) {
	if r.place.top == "" {
		return nil, &BareError{GitDir: r.place.gitDir}
	}
	entries, err := r.indexed(ctx)
	if err != nil {
		return nil, err
	}
	others, err := r.untracked(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range others {
		entries = append(entries, indexEntry{name: name})
	}
	slices.SortStableFunc(entries, func(a, b indexEntry) int { return strings.Compare(a.name, b.name) })
	b := newBuilder()
	last := ""
	for _, e := range entries {
		switch {
		case e.name == last: // the stages of a file in conflict
		case strings.HasSuffix(e.name, "/"):
			b.skip(strings.TrimSuffix(e.name, "/"), ReasonNested)
		default:
			b.add(e.name, e.mode, e.stored)
		}
		last = e.name
	}
	root, err := os.OpenRoot(r.place.top)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := b.prune(root, b.t.root, "."); err != nil {
		return nil, fmt.Errorf("read the work tree: %w", err)
	}
	t := b.tree()
	t.source = &onDisk{repo: r}
	return t, nil
}

// indexEntry is a path of the work tree.
type indexEntry struct {
	name   string
	mode   string // "" where git does not track it
	stored string // the object id, where the file is not expected on disk
}

// indexed lists what git tracks.
func (r *Repo) indexed(ctx context.Context) ([]indexEntry, error) {
	out, err := r.own.output(ctx, nil, "ls-files", "-z", "--cached", "--stage", "-t")
	if err != nil {
		return nil, err
	}
	var entries []indexEntry
	for rest := string(out); rest != ""; {
		line, after, ok := strings.Cut(rest, "\x00")
		rest = after
		info, name, tab := strings.Cut(line, "\t") // "H 100644 <id> 0"
		fields := strings.Fields(info)
		if !ok || !tab || len(fields) != 4 {
			return nil, fmt.Errorf("git ls-files printed %q", line)
		}
		e := indexEntry{name: name, mode: fields[1]}
		if fields[0] == "S" { // skip-worktree: left out by a sparse checkout
			e.stored = fields[2]
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// untracked lists the files that git neither tracks nor ignores. A repository
// inside this one is one entry that ends in a slash.
func (r *Repo) untracked(ctx context.Context) ([]string, error) {
	out, err := r.own.output(ctx, nil, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
}

// prune drops what is not a regular file on disk, one listing a folder. Folders
// that are symbolic links are not entered: to git, what it tracks below is gone.
func (b *builder) prune(root *os.Root, folder *node, name string) error {
	onDisk, err := listFolder(root, name)
	if err != nil {
		return err
	}
	kept := folder.children[:0]
	for _, c := range folder.children {
		child := path.Join(name, c.name)
		kind, exists := onDisk[c.name]
		if c.folder {
			if !exists || !kind.IsDir() {
				keepStored(c)
			} else if err := b.prune(root, c, child); err != nil {
				return err
			}
			if len(c.children) > 0 {
				kept = append(kept, c)
			}
			continue
		}
		switch {
		case !exists && c.hash != "":
			kept = append(kept, c)
		case !exists, kind.IsDir(): // deleted
		case kind&fs.ModeSymlink != 0:
			b.skip(child, ReasonSymlink)
		case !kind.IsRegular():
			b.skip(child, ReasonIrregular)
		default:
			c.hash = ""
			kept = append(kept, c)
		}
	}
	folder.children = kept
	return nil
}

// keepStored drops what should be on disk from a folder that is not.
func keepStored(folder *node) {
	for _, c := range folder.children {
		if c.folder {
			keepStored(c)
		}
	}
	folder.children = slices.DeleteFunc(folder.children, func(c *node) bool {
		return c.folder && len(c.children) == 0 || !c.folder && c.hash == ""
	})
}

// listFolder is the names in a folder and what they are.
func listFolder(root *os.Root, name string) (map[string]fs.FileMode, error) {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	kinds := make(map[string]fs.FileMode, len(entries))
	for _, entry := range entries {
		kinds[entry.Name()] = entry.Type()
	}
	return kinds, nil
}

// onDisk reads the work tree's files. It holds no file open between reads: a
// [Tree] is not closed.
type onDisk struct{ repo *Repo }

func (d *onDisk) content(name string, n *node) ([]byte, error) {
	if n.hash != "" {
		content, err := d.repo.contents.content(n.hash)
		if err != nil {
			err = fmt.Errorf("blob %s of the index: %w", n.hash, err)
		}
		return content, err
	}
	f, info, err := openInside(d.repo.place.top, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content := make([]byte, info.Size())
	got, err := io.ReadFull(f, content)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return content[:got], nil // it shrank since
	}
	return content, err
}

func (d *onDisk) size(name string, n *node) (int64, error) {
	if n.hash != "" {
		return d.repo.sizes.size(n.hash)
	}
	root, err := os.OpenRoot(d.repo.place.top)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	info, err := root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return 0, bare(err)
	}
	return info.Size(), nil
}

// openInside opens a regular file without leaving the folder top.
func openInside(top, name string) (*os.File, fs.FileInfo, error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	if info, err := root.Lstat(filepath.FromSlash(name)); err != nil {
		return nil, nil, bare(err)
	} else if !info.Mode().IsRegular() {
		return nil, nil, errors.New(ReasonIrregular) // opening a pipe would wait for ever
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, nil, bare(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, bare(err)
	}
	return f, info, nil
}

// bare is an error without its path, which the caller's error has.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

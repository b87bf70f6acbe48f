package gitrepo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Tree is a repository's files at one point, as a read-only file system. It
// implements [fs.ReadFileFS], [fs.ReadDirFS] and [fs.StatFS] and holds regular
// files and the folders that they are in; what it leaves out it lists. A file is
// read when it is asked for, whole, and not kept. Modification times are zero:
// git does not record them. It may be used by several goroutines until the
// repository is closed.
type Tree struct {
	root    *node
	files   int
	skipped []Skipped
	source  source
}

// Skipped is an entry that a [Tree] leaves out.
type Skipped struct {
	Path   string // as git has it: perhaps not UTF-8
	Reason string
}

// Why an entry is left out of a [Tree].
const (
	ReasonSymlink   = "a symbolic link, which is not followed"
	ReasonSubmodule = "a submodule, which is another repository"
	ReasonNotUTF8   = "its name is not UTF-8"
	ReasonBadName   = "its name is not a valid path"
	ReasonDuplicate = "another entry has its name"
	ReasonIrregular = "not a regular file"
	ReasonNested    = "another repository inside this one"
)

// Len is the number of files.
func (t *Tree) Len() int { return t.files }

// Skipped lists what is left out, in git's order.
func (t *Tree) Skipped() []Skipped { return slices.Clone(t.skipped) }

// source is where a tree's files are read from.
type source interface {
	content(name string, n *node) ([]byte, error)
	size(name string, n *node) (int64, error)
}

// node is a file or a folder.
type node struct {
	name       string
	hash       string // a file's object id; "" for one that is read from the work tree
	executable bool
	folder     bool
	children   []*node // a folder's, by name
}

func (n *node) child(name string) *node {
	i, found := slices.BinarySearchFunc(n.children, name, func(c *node, name string) int { return cmp.Compare(c.name, name) })
	if !found {
		return nil
	}
	return n.children[i]
}

func (n *node) mode() fs.FileMode {
	switch {
	case n.folder:
		return fs.ModeDir | 0o555
	case n.executable:
		return 0o555
	}
	return 0o444
}

// The modes of git's tree and index entries.
const (
	modeExecutable = "100755"
	modeSymlink    = "120000"
	modeSubmodule  = "160000"
)

// Tree is the whole tree at a commit: any revision that names one in this clone.
// Nothing but names is read now. In a partial clone, the first file to be read
// whose content is absent fetches all absent ones of the same file extension.
func (r *Repo) Tree(ctx context.Context, commit string) (*Tree, error) {
	at, err := r.Resolve(ctx, commit)
	if err != nil {
		return nil, err
	}
	out, err := r.own.output(ctx, nil, "ls-tree", "-r", "-z", "--full-tree", at.Hash)
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", commit, err)
	}
	b := newBuilder()
	// One string for all the names and ids, which are pieces of it.
	for rest := string(out); rest != ""; {
		entry, after, ok := strings.Cut(rest, "\x00")
		rest = after
		info, name, tab := strings.Cut(entry, "\t")
		mode, kindAndHash, space := strings.Cut(info, " ")
		_, hash, space2 := strings.Cut(kindAndHash, " ")
		if !ok || !tab || !space || !space2 {
			return nil, fmt.Errorf("list the files of %s: git ls-tree printed %q", commit, entry)
		}
		b.add(name, mode, hash)
	}
	t := b.tree()
	t.source = &stored{repo: r, commit: at, tree: t}
	return t, nil
}

// builder makes the folders of a list of paths in which each folder's paths
// stand together.
type builder struct {
	t     *Tree
	stack []*node // the folder of the last path, and those above it
	dir   string  // the path of the last folder
}

func newBuilder() *builder {
	root := &node{name: ".", folder: true}
	return &builder{t: &Tree{root: root}, stack: []*node{root}}
}

func (b *builder) skip(name, reason string) {
	b.t.skipped = append(b.t.skipped, Skipped{Path: name, Reason: reason})
}

func (b *builder) add(name, mode, hash string) {
	switch {
	case mode == modeSymlink:
		b.skip(name, ReasonSymlink)
	case mode == modeSubmodule:
		b.skip(name, ReasonSubmodule)
	case !utf8.ValidString(name):
		b.skip(name, ReasonNotUTF8)
	case !fs.ValidPath(name) || name == "." || strings.Contains(name, "\x00"):
		b.skip(name, ReasonBadName)
	default:
		dir, base := "", name
		if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
			dir, base = name[:slash], name[slash+1:]
		}
		b.enter(dir)
		parent := b.stack[len(b.stack)-1]
		parent.children = append(parent.children, &node{name: base, hash: hash, executable: mode == modeExecutable})
	}
}

// enter makes dir the current folder.
func (b *builder) enter(dir string) {
	if dir == b.dir {
		return
	}
	for b.dir != "" && dir != b.dir && !strings.HasPrefix(dir, b.dir+"/") {
		b.stack = b.stack[:len(b.stack)-1]
		b.dir = b.dir[:max(0, strings.LastIndexByte(b.dir, '/'))]
	}
	for b.dir != dir {
		rest := dir[len(b.dir):]
		if b.dir != "" {
			rest = rest[1:]
		}
		name, _, _ := strings.Cut(rest, "/")
		folder := &node{name: name, folder: true}
		parent := b.stack[len(b.stack)-1]
		parent.children = append(parent.children, folder)
		b.stack = append(b.stack, folder)
		b.dir = dir[:len(dir)-len(rest)+len(name)]
	}
}

// tree sorts the folders as fs.ReadDirFS wants them (git sorts a folder as if
// its name ended in a slash) and counts the files.
func (b *builder) tree() *Tree {
	b.settle(b.t.root, "")
	return b.t
}

func (b *builder) settle(folder *node, prefix string) {
	slices.SortStableFunc(folder.children, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	// Git writes no tree with the same name twice; what is made by hand can hold one.
	folder.children = slices.CompactFunc(folder.children, func(kept, other *node) bool {
		if kept.name != other.name {
			return false
		}
		b.skip(prefix+other.name, ReasonDuplicate)
		return true
	})
	folder.children = slices.Clip(folder.children)
	for _, c := range folder.children {
		if c.folder {
			b.settle(c, prefix+c.name+"/")
		} else {
			b.t.files++
		}
	}
}

func (t *Tree) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n := t.root
	if name == "." {
		return n, nil
	}
	for rest, more := name, true; more; {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		if n = n.child(part); n == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
	}
	return n, nil
}

// Open implements [fs.FS]. A file's content is read here.
func (t *Tree) Open(name string) (fs.File, error) {
	n, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.folder {
		return &openFolder{tree: t, name: name, node: n}, nil
	}
	content, err := t.source.content(name, n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &openFile{Reader: bytes.NewReader(content), info: fileInfo{node: n, size: int64(len(content))}}, nil
}

// ReadFile implements [fs.ReadFileFS].
func (t *Tree) ReadFile(name string) ([]byte, error) {
	n, err := t.find("read", name)
	if err != nil {
		return nil, err
	}
	if n.folder {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errFolder}
	}
	content, err := t.source.content(name, n)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return content, nil
}

// ReadDir implements [fs.ReadDirFS].
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.folder {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a folder")}
	}
	entries := make([]fs.DirEntry, len(n.children))
	for i, c := range n.children {
		entries[i] = dirEntry{tree: t, name: path.Join(name, c.name), node: c}
	}
	return entries, nil
}

// Stat implements [fs.StatFS].
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	n, err := t.find("stat", name)
	if err != nil {
		return nil, err
	}
	return t.stat(name, n)
}

func (t *Tree) stat(name string, n *node) (fs.FileInfo, error) {
	if n.folder {
		return fileInfo{node: n}, nil
	}
	size, err := t.source.size(name, n)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return fileInfo{node: n, size: size}, nil
}

// stored reads a commit's files from the object store.
type stored struct {
	repo   *Repo
	commit Commit
	tree   *Tree

	mu     sync.Mutex
	absent map[string]bool  // in a partial clone, the blobs of the commit that are not there; nil until asked for
	failed map[string]error // by file extension: why a bulk fetch failed
}

func (s *stored) content(name string, n *node) ([]byte, error) {
	if err := s.bring(name, n); err != nil {
		return nil, err
	}
	content, err := s.repo.contents.content(n.hash)
	return content, s.explain(n, err)
}

func (s *stored) size(name string, n *node) (int64, error) {
	if err := s.bring(name, n); err != nil {
		return 0, err
	}
	size, err := s.repo.sizes.size(n.hash)
	return size, s.explain(n, err)
}

func (s *stored) explain(n *node, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("blob %s of %s: %w", n.hash, s.commit.Ref, err)
}

// bring fetches a blob that a partial clone lacks, and in the same go the others
// with its file extension: they are likely to be next, and a fetch each would
// take hours.
func (s *stored) bring(name string, n *node) error {
	if s.repo.promisorRemote() == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := s.repo.ctx
	if s.absent == nil {
		absent, err := s.repo.absent(ctx, s.commit.Hash)
		if err != nil {
			return err
		}
		s.absent, s.failed = absent, map[string]error{}
	}
	if !s.absent[n.hash] {
		return nil
	}
	extension := path.Ext(name)
	err := s.failed[extension]
	if err == nil {
		wanted := map[string]bool{}
		s.want(s.tree.root, extension, wanted)
		hashes := make([]string, 0, len(wanted))
		for hash := range wanted {
			hashes = append(hashes, hash)
		}
		if err = s.repo.fetchBlobs(ctx, hashes); err == nil {
			for _, hash := range hashes {
				delete(s.absent, hash)
			}
			return nil
		}
		s.failed[extension] = err
	}
	return s.explain(n, fmt.Errorf("absent from this partial clone, and fetching it failed: %w", err))
}

func (s *stored) want(folder *node, extension string, wanted map[string]bool) {
	for _, c := range folder.children {
		if c.folder {
			s.want(c, extension, wanted)
		} else if path.Ext(c.name) == extension && s.absent[c.hash] {
			wanted[c.hash] = true
		}
	}
}

var errFolder = errors.New("is a folder")

type fileInfo struct {
	node *node
	size int64
}

func (i fileInfo) Name() string       { return i.node.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.node.mode() }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.node.folder }
func (i fileInfo) Sys() any           { return nil }

type dirEntry struct {
	tree *Tree
	name string
	node *node
}

func (e dirEntry) Name() string               { return e.node.name }
func (e dirEntry) IsDir() bool                { return e.node.folder }
func (e dirEntry) Type() fs.FileMode          { return e.node.mode().Type() }
func (e dirEntry) Info() (fs.FileInfo, error) { return e.tree.stat(e.name, e.node) }
func (e dirEntry) String() string             { return fs.FormatDirEntry(e) }

type openFile struct {
	*bytes.Reader
	info fileInfo
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	tree *Tree
	name string
	node *node
	read int // entries that ReadDir has returned
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return fileInfo{node: f.node}, nil }
func (f *openFolder) Close() error               { return nil }
func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errFolder}
}

// ReadDir implements [fs.ReadDirFile].
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := f.tree.ReadDir(f.name)
	if err != nil {
		return nil, err
	}
	entries = entries[f.read:]
	if n > 0 {
		if len(entries) == 0 {
			return nil, io.EOF
		}
		entries = entries[:min(n, len(entries))]
	}
	f.read += len(entries)
	return entries, nil
}

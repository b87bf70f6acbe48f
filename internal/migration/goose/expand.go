package goose

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/mfridman/interpolate"
)

// expandFS does goose's substitution of environment variables (-- +goose ENVSUB ON) while a
// migration is read. Goose itself would look in the environment of this process, where a pull
// request's migration could find the secrets of the job; env decides what there is to find.
// Every line keeps its number.
type expandFS struct {
	fs.FS
	env func(string) (string, bool)
}

func (f expandFS) Open(name string) (fs.File, error) {
	if path.Ext(name) != ".sql" {
		return f.FS.Open(name)
	}
	text, err := fs.ReadFile(f.FS, name)
	if err != nil {
		return nil, err
	}
	info, err := fs.Stat(f.FS, name)
	if err != nil {
		return nil, err
	}
	expanded, err := expand(string(text), f.env)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &expandedFile{strings.NewReader(expanded), info, int64(len(expanded))}, nil
}

func (f expandFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.FS, name) }

// expand replaces the variables between ENVSUB ON and OFF, and takes the annotations away.
func expand(text string, env func(string) (string, bool)) (string, error) {
	if !strings.Contains(strings.ToUpper(text), "ENVSUB") {
		return text, nil
	}
	lines := strings.Split(text, "\n")
	on := false
	for i, line := range lines {
		switch annotation(line) {
		case "ENVSUB ON":
			on, lines[i] = true, "--"
		case "ENVSUB OFF":
			on, lines[i] = false, "--"
		case "":
			if !on {
				continue
			}
			value, err := interpolate.Interpolate(lookup(env), line)
			if err != nil {
				return "", fmt.Errorf("line %d: variable substitution failed: %w", i+1, err)
			}
			lines[i] = strings.NewReplacer("\r", " ", "\n", " ").Replace(strings.TrimSuffix(value, "\r"))
		}
	}
	return strings.Join(lines, "\n"), nil
}

// annotation is what follows -- +goose on the line, in upper case; empty if there is none.
func annotation(line string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "--")
	if !ok {
		return ""
	}
	_, name, _ := strings.Cut(rest, "+goose")
	return strings.ToUpper(strings.TrimSpace(name))
}

type lookup func(string) (string, bool)

func (l lookup) Get(key string) (string, bool) {
	if l == nil {
		return "", false
	}
	return l(key)
}

// expandedFile is an open file whose text was expanded.
type expandedFile struct {
	io.Reader
	info fs.FileInfo
	size int64
}

func (f *expandedFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *expandedFile) Close() error               { return nil }
func (f *expandedFile) Name() string               { return f.info.Name() }
func (f *expandedFile) Size() int64                { return f.size }
func (f *expandedFile) Mode() fs.FileMode          { return f.info.Mode() }
func (f *expandedFile) ModTime() time.Time         { return f.info.ModTime() }
func (f *expandedFile) IsDir() bool                { return false }
func (f *expandedFile) Sys() any                   { return nil }

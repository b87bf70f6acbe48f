package migration

import (
	"path"
	"strings"
)

// Within tells whether a path is a folder or lies below it, both slash-separated from the repository's top, which is ".".
func Within(name, folder string) bool {
	return folder == "." || name == folder || strings.HasPrefix(name, folder+"/")
}

// Places are where the migrations of histories stand: what lies there is no code of the application.
type Places struct {
	folders map[string]bool
	top     bool
}

// Add takes in the folders of a history's revisions, with all that is below them. Where that is the repository's top, only
// SQL files are migrations, and the programs beside them are the application. A schema dump is no more than its own file, or
// its folder: the queries of the application often stand beside it.
func (p *Places) Add(h *History) {
	if h.Whole && h.Dir != "." {
		p.AddFolders(h.Dir)
		return
	}
	for _, r := range h.Revisions {
		if dir := path.Dir(r.File); dir != "." {
			p.AddFolders(dir)
		} else {
			p.top = true
		}
		p.AddFolders(r.Includes...)
	}
}

// AddFolders takes in folders, or files, slash-separated from the repository's top.
func (p *Places) AddFolders(dirs ...string) {
	for _, dir := range dirs {
		if p.folders == nil {
			p.folders = map[string]bool{}
		}
		p.folders[dir] = true
	}
}

// Holds tells whether a file lies in one of the places.
func (p *Places) Holds(file string) bool {
	dir := path.Dir(file)
	if p.top && dir == "." && path.Ext(file) == ".sql" || p.folders[file] {
		return true
	}
	for ; dir != "."; dir = path.Dir(dir) {
		if p.folders[dir] {
			return true
		}
	}
	return false
}

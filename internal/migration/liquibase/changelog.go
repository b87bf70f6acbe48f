package liquibase

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// changelog is all changesets that a root changelog, or a folder, leads to.
type changelog struct {
	fsys       fs.FS
	settings   settings
	search     string // the folder that paths are seen from
	parameters *parameters

	sets   []*changeSet
	faults []migration.Fault
	open   []string // the changelogs that include one another
	files  int
}

// scope is what the changelogs above say of those that they include.
type scope struct {
	contexts, labels []string
	ignore           bool
	logicalPath      string
}

const (
	mostFiles  = 20_000 // of a history, which hostile includes repeat
	deepestSet = 50     // changelogs within one another
)

// readChangelog reads what a folder, or a root changelog, leads to. Faults are what Liquibase refuses; any other error is what
// cannot be told.
func readChangelog(fsys fs.FS, dir string, placeholders map[string]string, env func(string) (string, bool)) (*changelog, error) {
	root, err := findRoot(fsys, dir)
	if err != nil {
		return nil, err
	}
	folder := dir
	if root != "" {
		folder = path.Dir(root)
	}
	c := &changelog{fsys: fsys}
	if c.settings, err = readSettings(fsys, folder); err != nil {
		return nil, err
	}
	c.parameters = newParameters(placeholders, env)
	for name, value := range c.settings.parameters {
		c.parameters.set(name, value, true, "")
	}
	if c.search, err = c.searchFolder(folder, root); err != nil {
		return nil, err
	}
	if root != "" {
		return c, c.include(below(c.search, root), scope{}, place{root, 1})
	}
	files, err := c.below(dir)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(fsys, path.Join(c.search, file))
		if err != nil {
			return nil, err
		}
		if path.Ext(file) == ".sql" && isFormatted(string(text)) {
			if err := c.formatted(file, string(text), scope{}); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// searchFolder is the folder that the paths of changelogs are seen from: the one from which the root's includes are found, else what
// the project's settings say, else the folder that a build puts on the class path, else the repository's top.
func (c *changelog) searchFolder(folder, root string) (string, error) {
	if root != "" && path.Ext(root) != ".sql" {
		text, err := fs.ReadFile(c.fsys, root)
		if err != nil {
			return "", err
		}
		if n, err := parseChangelog(root, text); err == nil {
			if at, ok := c.foundFrom(folder, n); ok {
				return at, nil
			}
		}
	}
	if c.settings.search != "" && migration.Within(folder, c.settings.search) {
		return c.settings.search, nil
	}
	if at, ok := resourceRoot(folder); ok {
		return at, nil
	}
	if c.settings.found {
		return c.settings.dir, nil
	}
	return ".", nil
}

// foundFrom is the nearest folder above in which what a changelog includes is there.
func (c *changelog) foundFrom(folder string, n *node) (string, bool) {
	for _, entry := range n.children {
		wanted := normalize(entry.attributes["file"] + entry.attributes["path"])
		if wanted == "" || relative(entry) || strings.Contains(wanted, "${") {
			continue
		}
		for at := folder; ; at = path.Dir(at) {
			if _, err := fs.Stat(c.fsys, path.Join(at, wanted)); err == nil {
				return at, true
			}
			if at == "." || at == "/" {
				break
			}
		}
	}
	return "", false
}

func relative(n *node) bool {
	return strings.EqualFold(n.attributes["relativeToChangelogFile"], "true")
}

// place is where an include stands.
type place struct {
	file string
	line int
}

func (p place) broken(problem, remedy string) migration.Fault {
	return migration.Broken(p.file, p.line, problem, remedy)
}

// untold is the error of what only Liquibase itself can run.
func (p place) untold(what string) error {
	return &migration.Error{
		File: p.file, Line: p.line, Problem: "Headgate reads Liquibase's formatted SQL, and changelogs that include such files; this is " + what,
		Remedy: "let Liquibase itself migrate, with `migrate-command: liquibase update`",
	}
}

// include reads a changelog by its path (DatabaseChangeLog.java, include).
func (c *changelog) include(file string, s scope, from place) error {
	physical := normalize(file)
	at := path.Join(c.search, physical)
	if slices.Contains(c.open, at) || len(c.open) >= deepestSet {
		c.faults = append(c.faults, from.broken(fmt.Sprintf("%s includes itself", at), "take the include out"))
		return nil
	}
	if c.files++; c.files > mostFiles {
		return from.untold(fmt.Sprintf("one of more than %d includes", mostFiles))
	}
	text, err := fs.ReadFile(c.fsys, at)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		c.faults = append(c.faults, from.broken(fmt.Sprintf("this changelog includes %s, and there is no file %s", file, at), "restore the file, or mend the path"))
		return nil
	}
	if err != nil {
		return err
	}
	switch ext := strings.ToLower(path.Ext(at)); {
	case ext == ".sql" && isFormatted(string(text)):
		return c.formatted(physical, string(text), s)
	case ext == ".sql":
		return c.raw(physical, string(text), s)
	case slices.Contains([]string{".xml", ".yaml", ".yml", ".json"}, ext):
		c.open = append(c.open, at)
		defer func() { c.open = c.open[:len(c.open)-1] }()
		return c.entries(physical, text, s)
	}
	c.faults = append(c.faults, from.broken(fmt.Sprintf("Liquibase does not know what kind of changelog %s is", at), "take the include out"))
	return nil
}

// formatted takes in a file of formatted SQL.
func (c *changelog) formatted(physical, text string, s scope) error {
	f := &formatted{file: path.Join(c.search, physical), path: physical, parameters: c.parameters}
	sets, err := f.parse(text)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		c.faults = append(c.faults, migration.Fault{Rule: migration.BrokenHistory, Revision: migration.Revision{File: f.file}, Err: refused.wrong})
		return nil
	}
	if err != nil {
		return err
	}
	if len(c.open) > 0 && (f.logicalPath != "" || s.logicalPath != "") { // an included file's own path holds for all in it
		own := f.logicalPath
		if own == "" {
			own = s.logicalPath
		}
		for _, set := range sets {
			set.path = own
		}
	}
	c.add(sets, s)
	return nil
}

// raw takes in a file of plain SQL, which is one changeset (SqlChangeLogParser.java).
func (c *changelog) raw(physical, text string, s scope) error {
	set := &changeSet{
		file: path.Join(c.search, physical), id: "raw", author: "includeAll", path: physical, inTransaction: true, failOnError: true,
	}
	lines := gathered{}
	for i, line := range javaLines(text + "\n") {
		lines.add(line, i+1, 0)
	}
	if lines.blank() {
		c.faults = append(c.faults, migration.Broken(set.file, 1, "Liquibase refuses an empty file", "take the file out"))
		return nil
	}
	set.sql = lines.body().trimmed()
	c.add([]*changeSet{set}, s)
	return nil
}

func (c *changelog) add(sets []*changeSet, s scope) {
	for _, set := range sets {
		set.contexts = slices.Concat(s.contexts, set.contexts)
		set.labels = slices.Concat(s.labels, set.labels)
		if !s.ignore && c.settings.runs(set.contexts, set.labels) {
			c.sets = append(c.sets, set)
		}
	}
}

// entries takes in a changelog in XML, YAML or JSON.
func (c *changelog) entries(physical string, text []byte, s scope) error {
	at := place{path.Join(c.search, physical), 1}
	root, err := parseChangelog(at.file, text)
	if err != nil {
		c.faults = append(c.faults, at.broken("the changelog cannot be read: "+err.Error(), "mend the file"))
		return nil //nolint:nilerr // it is a fault of the history
	}
	for name := range root.attributes {
		if name == "context" || name == "contextFilter" || name == "labels" {
			return at.untold("a changelog with " + name + " of its own")
		}
	}
	if own := root.attributes["logicalFilePath"]; own != "" {
		s.logicalPath = own
	}
	for _, n := range root.children {
		at.line = n.line
		if err := c.entry(physical, n, s, at); err != nil {
			return err
		}
	}
	return nil
}

func (c *changelog) entry(physical string, n *node, s scope, at place) error {
	if err := c.expandAll(n, physical); err != nil {
		c.faults = append(c.faults, at.broken(err.Error(), "let each parameter stand for a value of its own"))
		return nil
	}
	switch n.name {
	case "include", "includeAll":
		inner, err := within(n, s, at)
		if err != nil {
			return err
		}
		if n.name == "include" {
			return c.includeOne(physical, n, inner, at)
		}
		return c.includeAll(physical, n, inner, at)
	case "property":
		if n.attributes["file"] != "" {
			return at.untold("a property that is read from a file")
		}
		global := !strings.EqualFold(n.attributes["global"], "false")
		if ofPostgres(n.attributes["dbms"]) && c.settings.runs(said(contextOf(n)), nil) {
			c.parameters.set(n.attributes["name"], n.attributes["value"], global, physical)
		}
		return nil
	case "preConditions":
		return onlyDatabase(n, at)
	case "changeSet":
		return at.untold("a changeSet in " + strings.ToUpper(strings.TrimPrefix(path.Ext(physical), ".")))
	}
	if len(n.children)+len(n.attributes) == 0 {
		return nil // Liquibase passes over it, too
	}
	return at.untold("an entry " + n.name)
}

func (c *changelog) expandAll(n *node, physical string) error {
	for name, value := range n.attributes {
		expanded, err := c.parameters.expand(value, physical)
		if err != nil {
			return err
		}
		n.attributes[name] = expanded
	}
	return nil
}

func contextOf(n *node) string {
	for _, name := range []string{"contextFilter", "context"} {
		if value := n.attributes[name]; value != "" {
			return value
		}
	}
	return ""
}

// followed are the attributes of an include that hold here, too.
var followed = []string{
	"file", "path", "relativeToChangelogFile", "errorIfMissing", "errorIfMissingOrEmpty", "context", "contextFilter", "labels", "ignore",
	"logicalFilePath", "endsWithFilter",
}

// within is the scope of an include.
func within(n *node, s scope, at place) (scope, error) {
	for name := range n.attributes {
		if !slices.Contains(followed, name) {
			return s, at.untold(fmt.Sprintf("an %s with %s", n.name, name))
		}
	}
	if len(n.children) > 0 {
		return s, at.untold(fmt.Sprintf("an %s with %s", n.name, n.children[0].name))
	}
	s.contexts = slices.Concat(s.contexts, said(contextOf(n)))
	s.labels = slices.Concat(s.labels, said(n.attributes["labels"]))
	s.ignore = s.ignore || strings.EqualFold(n.attributes["ignore"], "true")
	if s.logicalPath == "" {
		s.logicalPath = n.attributes["logicalFilePath"]
	}
	return s, nil
}

// resolve is a path seen from the search folder.
func resolve(physical string, n *node, name string) string {
	if relative(n) {
		return normalize(path.Join(path.Dir(physical), strings.ReplaceAll(name, `\`, "/")))
	}
	return normalize(name)
}

func (c *changelog) includeOne(physical string, n *node, s scope, at place) error {
	name := n.attributes["file"]
	if name == "" {
		c.faults = append(c.faults, at.broken("this include names no file", "name it with `file`"))
		return nil
	}
	file := resolve(physical, n, name)
	if strings.EqualFold(n.attributes["errorIfMissing"], "false") {
		if _, err := fs.Stat(c.fsys, path.Join(c.search, file)); err != nil {
			return nil //nolint:nilerr // which is to be no error
		}
	}
	return c.include(file, s, at)
}

// includeAll reads all changelogs in and below a folder in the order of their paths (getStandardChangeLogComparator).
func (c *changelog) includeAll(physical string, n *node, s scope, at place) error {
	folder := resolve(physical, n, n.attributes["path"])
	files, err := c.below(path.Join(c.search, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	suffix := strings.ToLower(n.attributes["endsWithFilter"])
	files = slices.DeleteFunc(files, func(file string) bool { return !strings.HasSuffix(strings.ToLower(file), suffix) })
	if len(files) == 0 && !strings.EqualFold(n.attributes["errorIfMissingOrEmpty"], "false") {
		c.faults = append(c.faults, at.broken(fmt.Sprintf("this includeAll finds no file in %s", path.Join(c.search, folder)), "restore the files, or mend the path"))
	}
	for _, file := range files {
		if !known(file) {
			continue
		}
		if err := c.include(file, s, at); err != nil {
			return err
		}
	}
	return nil
}

// known tells whether Liquibase knows what kind of changelog a file is; includeAll passes over the others with a warning.
func known(file string) bool {
	return slices.Contains([]string{".sql", ".xml", ".yaml", ".yml", ".json"}, strings.ToLower(path.Ext(file)))
}

// below lists the files in and below a folder, seen from the search folder, in the order of their paths.
func (c *changelog) below(dir string) ([]string, error) {
	var files []string
	err := fs.WalkDir(c.fsys, dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files = append(files, below(c.search, file))
		return nil
	})
	slices.Sort(files)
	return files, err
}

// onlyDatabase takes preconditions of a changelog that ask for PostgreSQL alone.
func onlyDatabase(n *node, at place) error {
	for _, check := range n.children {
		if check.name != "dbms" || !ofPostgres(check.attributes["type"]) || len(check.children) > 0 {
			return place{at.file, max(check.line, at.line)}.untold("a precondition " + check.name + " of a whole changelog")
		}
	}
	return nil
}

package alembic

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// indexConvention is SQLAlchemy's own for an index without a name.
const indexConvention = "ix_%(column_0_label)s"

var (
	token       = regexp.MustCompile(`%\((\w+)\)s|%%`)
	columnToken = regexp.MustCompile(`^(referred_)?column_(\d+)(_?N)?_(name|key|label)$`)
)

// constraintName is the name that a constraint gets: its own, or the one that the naming convention of the application's
// metadata makes (sqlalchemy/sql/naming.py). Without both, PostgreSQL chooses.
func (f *frame) constraintName(c *constraint, t *table) (name string, named bool, err error) {
	own, hasOwn := c.name.(str)
	if c.name != nil && !hasOwn {
		return "", false, f.failAt(c.at, "the name %s cannot be read", describe(c.name))
	}
	if hasOwn && own.final {
		return shorten(own.s), true, nil
	}
	convention, err := f.ops.convention(f)
	if err != nil {
		return "", false, err
	}
	template := convention[c.kind]
	if c.kind == "ix" && template == "" {
		template = indexConvention
	}
	if template != "" && (!hasOwn || strings.Contains(template, "constraint_name")) {
		name, err := expandConvention(template, c, t, own.s)
		if err != nil {
			return "", false, f.failAt(c.at, "the naming convention %q does not fit here: %v", template, err)
		}
		return shorten(name), true, nil
	}
	if hasOwn && len(own.s) > maxIdentifier {
		return "", false, f.failAt(c.at, "SQLAlchemy refuses the name %s, which is longer than %d characters", own.s, maxIdentifier)
	}
	return own.s, hasOwn && own.s != "", nil
}

// expandConvention puts the tokens of a naming convention in.
func expandConvention(template string, c *constraint, t *table, own string) (string, error) {
	var failed error
	result := token.ReplaceAllStringFunc(template, func(m string) string {
		if m == "%%" {
			return "%"
		}
		key := m[2 : len(m)-2]
		switch key {
		case "table_name":
			return t.name
		case "constraint_name":
			if own == "" {
				failed = fmt.Errorf("the constraint has no name")
			}
			return own
		case "referred_table_name":
			return c.target[strings.LastIndexByte(c.target, '.')+1:]
		}
		part := columnToken.FindStringSubmatch(key)
		if part == nil {
			failed = fmt.Errorf("%s is a token of the application's own", m)
			return ""
		}
		columns := c.columns
		if part[1] != "" {
			columns = c.targets
		}
		label := func(column string) string {
			if part[4] != "label" {
				return column
			}
			if s, ok := t.schema.(str); ok && s.s != "" {
				return strings.ReplaceAll(s.s, ".", "_") + "_" + t.name + "_" + column
			}
			return t.name + "_" + column
		}
		if part[3] != "" {
			separator := strings.TrimSuffix(part[3], "N")
			names := make([]string, len(columns))
			for i, column := range columns {
				names[i] = label(column)
			}
			return strings.Join(names, separator)
		}
		n, err := strconv.Atoi(part[2])
		if err != nil || n >= len(columns) {
			return ""
		}
		return label(columns[n])
	})
	return result, failed
}

// convention finds the naming convention of the metadata that env.py hands to alembic; where that cannot be followed,
// the only one that the application's files have.
func (o *operations) convention(f *frame) (map[string]string, error) {
	if o.conventions != nil {
		return o.conventions, nil
	}
	o.conventions = map[string]string{}
	if mod, ok := o.interp.load(path.Join(o.location.script, "env.py")); ok {
		v := mod.names["target_metadata"]
		if r, isRef := v.(ref); isRef {
			v, _ = o.interp.resolve(r)
		}
		if d, ok := conventionOf(v, o.interp); ok {
			return o.adopt(f, d)
		}
		if md, isMetadata := v.(*object); isMetadata && lastPart(md.path) == "MetaData" {
			return o.conventions, nil
		}
	}
	var found *dict
	err := fs.WalkDir(o.interp.fsys, o.location.top, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && file != o.location.top && (strings.HasPrefix(entry.Name(), ".") || isOneOf(entry.Name(), "node_modules", "tests", "test", "vendor")) {
			return fs.SkipDir
		}
		if path.Ext(file) != ".py" {
			return nil
		}
		source, err := fs.ReadFile(o.interp.fsys, file)
		if err != nil || !bytes.Contains(source, []byte("naming_convention")) {
			return nil //nolint:nilerr // a file that cannot be read has no convention
		}
		mod, ok := o.interp.load(file)
		if !ok {
			return nil
		}
		for _, name := range sortedKeys(mod.names) {
			d, ok := conventionOf(mod.names[name], o.interp)
			if !ok {
				continue
			}
			if found != nil && repr(found) != repr(d) {
				return f.failAt(place{1, 1}, "the application has several naming conventions, and %s does not say which one holds",
					path.Join(o.location.script, "env.py"))
			}
			found = d
		}
		return nil
	})
	if err != nil || found == nil {
		return o.conventions, err
	}
	return o.adopt(f, found)
}

func (o *operations) adopt(f *frame, d *dict) (map[string]string, error) {
	for _, k := range d.keys {
		kind, _ := k.(str)
		template, ok := d.at(k).(str)
		if !ok || kind.s == "" {
			return nil, f.failAt(place{1, 1}, "the naming convention's %s cannot be read", describe(k))
		}
		o.conventions[kind.s] = template.s
	}
	return o.conventions, nil
}

// conventionOf is the naming convention of a MetaData, or of a base class or a db object that has one.
func conventionOf(v value, in *interp) (*dict, bool) {
	switch v := v.(type) {
	case *object:
		for _, key := range []string{"naming_convention", "metadata"} {
			if inner, ok := v.kwargs[key]; ok {
				if r, isRef := inner.(ref); isRef {
					inner, _ = in.resolve(r)
				}
				if d, isDict := inner.(*dict); isDict && key == "naming_convention" {
					return d, true
				}
				return conventionOf(inner, in)
			}
		}
		if v.recv != nil && v.path == ".metadata" {
			return conventionOf(v.recv, in)
		}
	case *class:
		if m, ok := v.find("metadata"); ok {
			return conventionOf(m, in)
		}
	}
	return nil, false
}

package liquibase

import (
	"fmt"
	"slices"
	"strings"
)

// direction is SQL of a way down.
type direction struct {
	sql body
	cut cutting
}

// rollbackBlock reads the lines of a comment that is a way down. Liquibase puts them together without what ends a line
// (extractMultiLineRollBack), so that what stands on two lines must have a blank or a semicolon between them.
func (f *formatted) rollbackBlock() error {
	begin := f.number
	var all strings.Builder
	first := f.number + 1
	for f.number < len(f.lines) {
		line := f.next()
		if !rollbackEnd.MatchString(line) {
			all.WriteString(line)
			continue
		}
		line = strings.TrimRight(line, " \t\f\v")
		all.WriteString(strings.TrimSuffix(line, "*/"))
		f.down.begin(all.String(), first, 0)
		return nil
	}
	return f.wrongAt(begin, "the rollback comment has no end", "write `*/` at the end of its last line")
}

// endDown reads what was gathered of a way down (handleRollbackSequence).
func (f *formatted) endDown(c *changeSet) error {
	if f.down.blank() {
		return nil
	}
	sql := f.down.body().trimmed()
	lower := strings.ToLower(sql.text)
	switch one := !strings.Contains(lower, "\n"); { // line
	case one && (strings.HasPrefix(lower, "not required") || strings.HasPrefix(lower, "empty")):
		c.down = []direction{{}}
		return nil
	case strings.Contains(lower, "changesetid"):
		return f.otherDown(c, sql)
	}
	var err error
	if sql.text, err = f.expand(sql.text); err != nil {
		return err
	}
	cut := cutting{split: true, delimiter: f.rollbackEnd}
	if f.rollbackSplit != nil {
		cut.split = *f.rollbackSplit
	}
	c.down = append(c.down, direction{sql, cut})
	return nil
}

// otherDown takes another changeset's SQL as the way down.
func (f *formatted) otherDown(c *changeSet, sql body) error {
	text := strings.NewReplacer("\n", "", "\r", "").Replace(sql.text)
	id, _ := find(attributeChangeSetID, text)
	author, _ := find(attributeChangeSetBy, text)
	path, there := find(attributeChangeSetPath, text)
	if !there {
		path = f.path
	}
	i := slices.IndexFunc(f.sets, func(o *changeSet) bool {
		return strings.EqualFold(o.id, id) && strings.EqualFold(o.author, author) && strings.EqualFold(normalize(o.path), normalize(path))
	})
	if i < 0 {
		return f.wrongAt(sql.lines[0], fmt.Sprintf("the changeset %s::%s::%s, which the way down names, is not above in this file", path, id, author),
			"name one with changesetId, changesetAuthor and changesetPath, or write the SQL")
	}
	c.down = append(c.down, direction{f.sets[i].sql, f.sets[i].cut})
	return nil
}

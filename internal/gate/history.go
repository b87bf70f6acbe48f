package gate

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/schema"
)

// Histories is what came of holding the proposed history against earlier ones.
type Histories struct {
	Tool     migration.Tool
	Problems []migration.Problem
	// Refused says that the tool would refuse the proposed history, so that there is no proposed schema.
	Refused bool
	// Fresh is a database that the proposed migrations built from nothing, or nil where that gives S1 by construction.
	Fresh *Fresh
	// Reversals are the pending migrations that cannot be taken back, where that was asked for.
	Reversals []Reversal
}

// Fresh is how a database that is built from nothing differs from S1.
type Fresh struct {
	// Broken is the migration that fails on the way, or nil.
	Broken *migration.Error
	// Changes lead from S1 to it.
	Changes []schema.Change
}

// Reversal is a pending migration that cannot be taken back, or cannot be run again after that.
type Reversal struct {
	Revision migration.Revision
	// Again says that it is about running it again.
	Again bool
	// Missing says that it has no way down.
	Missing bool
	// Broken is what fails, or nil. Changes lead from the schema that there should be to the one that there is.
	Broken  *migration.Error
	Changes []schema.Change
}

const (
	freshDiffers  = "fresh-differs"
	notReversible = "not-reversible"
)

// unbuilt is why there is no proposed schema.
func (s Subject) unbuilt() string {
	if s.Histories.Refused {
		return "the proposed history of migrations cannot be run, so there is no proposed schema"
	}
	return "a pending migration does not apply, so there is no proposed schema"
}

// findings are those of the history rules.
func (h Histories) findings() []Finding {
	var findings []Finding
	for _, p := range h.Problems {
		findings = append(findings, h.finding(p))
	}
	if h.Fresh != nil {
		findings = append(findings, h.fresh()...)
	}
	for _, r := range h.Reversals {
		findings = append(findings, r.finding())
	}
	return findings
}

func at(rule string, r migration.Revision, line int) Finding {
	return Finding{Rule: rule, Severity: Error, File: r.File, Line: line, EndLine: line,
		Migration: &Migration{Version: r.Version, File: r.File, Line: line}}
}

func (h Histories) finding(p migration.Problem) Finding {
	f := at(string(p.Rule), p.Revision, p.Line)
	f.Released = p.Gone
	switch p.Rule {
	case migration.EditedMigration:
		f.Message, f.Remedy = h.editedWords(p)
	case migration.DeletedMigration:
		f.Message, f.Remedy = h.deletedWords(p)
	case migration.DuplicateVersion:
		f.Message, f.Remedy = h.duplicateWords(p)
	case migration.OutOfOrder:
		f.Message, f.Remedy = h.orderWords(p)
	case migration.BrokenHistory:
		f.Message, f.Remedy = brokenWords(p)
		f.Column = p.Fault.Err.Column
		if f.Column > 0 {
			f.EndColumn = f.Column + 1
		}
	}
	if !p.Released && (p.Rule == migration.EditedMigration || p.Rule == migration.DeletedMigration) {
		f.Severity = Warning
	}
	if h.Tool.Late && p.Rule == migration.OutOfOrder {
		f.Severity = Warning
	}
	f.Fingerprint = fingerprint(f, p.Revision.Version+" "+p.Other.Version+" "+p.Fault.Missing)
	return f
}

// who are the databases that have run a migration.
func who(p migration.Problem) string {
	if p.Released {
		return "the deployed databases, which have run it,"
	}
	return "the databases that follow " + p.Ref + ", which may have run it,"
}

// stage is how far a migration has come.
func stage(p migration.Problem) string {
	if p.Released {
		return "released"
	}
	return "merged"
}

// and is a clause at the end of a sentence, if there is one.
func and(clause string) string {
	if clause == "" {
		return ""
	}
	return ", and " + clause
}

func (h Histories) editedWords(p migration.Problem) (message, remedy string) {
	message = fmt.Sprintf("migration %s was edited after it was %s: from this line on it is not what %s has, and %s will not see the edit",
		p.Revision.Version, stage(p), p.Ref, who(p)) + and(h.Tool.Edited)
	if p.Other.Line > 0 { // other migrations stand in the file
		return message, fmt.Sprintf("restore this migration as it is at %s (`git show %s:%s`, from line %d on), and put the change into a new one", p.Ref, p.Rev, p.Other.File, p.Other.Line)
	}
	restore := fmt.Sprintf("git checkout %s -- %s", p.Rev, p.Other.File)
	if p.Included != "" {
		message = fmt.Sprintf("migration %s was edited after it was %s: %s, which it includes here, is not what %s has, and %s will not see the edit",
			p.Revision.Version, stage(p), p.Included, p.Ref, who(p)) + and(h.Tool.Edited)
		return message, fmt.Sprintf("restore %s as it is at %s (`git checkout %s -- %s`), and put the change into a new file for a new migration", p.Included, p.Ref, p.Rev, p.Included)
	}
	if p.Other.File != p.Revision.File {
		restore = fmt.Sprintf("git show %s:%s > %s", p.Rev, p.Other.File, p.Revision.File)
	}
	return message, fmt.Sprintf("restore the file as it is at %s (`%s`), and put the change into a new migration", p.Ref, restore)
}

func (h Histories) deletedWords(p migration.Problem) (message, remedy string) {
	message = fmt.Sprintf("migration %s is gone after it was %s (it is there at %s): %s keep what it did, and a new database would not get it",
		p.Revision.Version, stage(p), p.Ref, who(p)) + and(h.Tool.Deleted)
	several := p.Revision.Line > 0 // migrations in its file
	switch {
	case several && p.Other.File != "":
		return message + fmt.Sprintf("; %s (%s:%d) does the same and would be run again on them", p.Other.Version, p.Other.File, p.Other.Line),
			fmt.Sprintf("let it be %s again", p.Revision.Version)
	case several:
		return message, fmt.Sprintf("restore it (`git show %s:%s`, from line %d on); to take back what it did, add a new migration", p.Rev, p.Revision.File, p.Revision.Line)
	case p.Other.File != "":
		return message + fmt.Sprintf("; %s does the same and would be run again on them", p.Other.File),
			fmt.Sprintf("give the file its old name back: `git mv %s %s`", p.Other.File, p.Revision.File)
	}
	return message, fmt.Sprintf("restore it (`git checkout %s -- %s`); to take back what it did, add a new migration", p.Rev, p.Revision.File)
}

func (h Histories) duplicateWords(p migration.Problem) (message, remedy string) {
	place := p.Other.File
	if p.Other.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, p.Other.Line)
	}
	if p.Ref != "" {
		place += " at " + p.Ref
	}
	message = fmt.Sprintf("version %s is also claimed by %s, and %s", p.Revision.Version, place, h.Tool.Duplicate)
	switch {
	case h.Tool.Order == nil:
		return message, fmt.Sprintf("give this revision, which is not released yet, an id of its own, such as %s, and the revisions that follow it that down_revision", p.NewName)
	case p.Revision.Line > 0:
		return message, "give this migration, which is not released yet, an id of its own"
	case p.NewName != "":
		return message, fmt.Sprintf("rename this file, which is not released yet, to %s", p.NewName)
	}
	return message, "give this file, which is not released yet, a name with a version of its own that comes last"
}

func (h Histories) orderWords(p migration.Problem) (message, remedy string) {
	if h.Tool.Order == nil {
		message = fmt.Sprintf("revision %s is not released, and revision %s (%s), which is, follows it: %s",
			p.Revision.Version, p.Other.Version, p.Other.File, h.Tool.OutOfOrder)
		return message, fmt.Sprintf("leave the down_revision of %s as it is at %s, and let %s follow %s",
			p.Other.File, p.Ref, p.Revision.Version, strings.Join(p.Heads, " and "))
	}
	has := "the deployed databases have already"
	if !p.Released {
		has = "is on " + p.Ref + " already, so that databases that follow it may have it"
	}
	message = fmt.Sprintf("migration %s is pending and comes before %s (%s), which %s: %s", p.Revision.Version, p.Other.Version, p.Other.File, has, h.Tool.OutOfOrder)
	switch {
	case p.Revision.Line > 0:
		return message, fmt.Sprintf("put this migration, which is not released yet, behind %s", p.Other.Version)
	case p.NewName == "":
		return message, "give this file, which is not released yet, a name that comes last"
	}
	return message, fmt.Sprintf("rename this file, which is not released yet, to %s, so that it comes last", p.NewName)
}

func brokenWords(p migration.Problem) (message, remedy string) {
	message, remedy = p.Fault.Err.Problem, p.Fault.Err.Remedy
	switch {
	case p.Fault.Missing == "" && p.Released:
		remedy = fmt.Sprintf("leave the released revisions as they are at %s; %s", p.Ref, remedy)
	case p.Fault.Missing == "":
	case p.Other.File != "":
		remedy = fmt.Sprintf("restore %s, which %s has (`git checkout %s -- %s`)", p.Other.File, p.Ref, p.Rev, p.Other.File)
	case p.Released:
		remedy = fmt.Sprintf("restore the file as it is at %s", p.Ref)
	case len(p.Heads) > 0:
		remedy = fmt.Sprintf("add the file of revision %s, or let %s, which is not released yet, follow %s", p.Fault.Missing, p.Revision.Version, strings.Join(p.Heads, " and "))
	}
	return message, remedy
}

// fresh is the finding of a database that differs when it is built from nothing, or that cannot be. It stands at the
// migration that is to blame, as far as the other rules tell.
func (h Histories) fresh() []Finding {
	const restore = "restore the released migrations, and put what was changed into new ones"
	if e := h.Fresh.Broken; e != nil {
		f := migrationFails(e, nil)
		f.Cell, f.Message = "", "on an empty database, "+e.Problem
		if e.Remedy == "" {
			f.Remedy = restore + "; a new database runs all migrations from the first to the last"
		}
		f.Fingerprint = fingerprint(f, e.Problem)
		return []Finding{f}
	}
	if len(h.Fresh.Changes) == 0 {
		return nil
	}
	blamed := h.blamed()
	f := at(freshDiffers, blamed.Revision, blamed.Line)
	f.Released = blamed.Gone
	f.Message = "a database that is built from nothing differs from one that is upgraded: " +
		differences(h.Fresh.Changes, "only the new one has", "only the upgraded one has")
	f.Remedy = restore
	f.Fingerprint = fingerprint(f, "")
	return []Finding{f}
}

// blamed is the problem that most likely makes a new database differ.
func (h Histories) blamed() migration.Problem {
	for _, rule := range []migration.Rule{migration.EditedMigration, migration.DeletedMigration, migration.OutOfOrder} {
		for _, p := range h.Problems {
			if p.Rule == rule && p.Released {
				return p
			}
		}
	}
	return migration.Problem{Line: 1}
}

func (r Reversal) finding() Finding {
	f := at(notReversible, r.Revision, max(r.Revision.Line, 1))
	what := "the way down of this migration"
	f.Remedy = "mend the way down so that it gives back the schema before the migration"
	if r.Again {
		what = "running this migration again after its way down"
		f.Remedy = "mend the way down so that the migration finds what it found the first time"
	}
	switch {
	case r.Broken != nil:
		f.File, f.Line, f.Column = r.Broken.File, max(r.Broken.Line, 1), r.Broken.Column
		f.EndLine, f.EndColumn, f.SQLState = f.Line, f.Column, r.Broken.SQLState
		if f.File == r.Revision.File { // a way down can be a file of its own
			f.Migration.Line = f.Line
		}
		if f.Column > 0 {
			f.EndColumn++
		}
		f.Message = what + " fails: " + strings.TrimPrefix(r.Broken.Problem, "the migration fails: ")
		if r.Broken.Remedy != "" {
			f.Remedy = r.Broken.Remedy
		}
	case r.Missing:
		f.Message = "this migration has no way down: " + differences(r.Changes, "going back leaves", "going back does not bring back")
		f.Remedy = "add a way down that gives back the schema before the migration"
	case r.Again:
		f.Message = what + " gives another schema: " + differences(r.Changes, "then there is also", "then there is no")
	default:
		f.Message = what + " does not give back the schema before it: " + differences(r.Changes, "it leaves", "it does not bring back")
	}
	f.Fingerprint = fingerprint(f, fmt.Sprint(r.Again))
	return f
}

// differences are what two schemas differ in: the first ten, and how many there are.
func differences(changes []schema.Change, added, removed string) string {
	const shown = 10
	var texts []string
	for _, c := range changes[:min(shown, len(changes))] {
		switch c.Action {
		case schema.Added:
			texts = append(texts, fmt.Sprintf("%s %s", added, c.Object))
		case schema.Removed:
			texts = append(texts, fmt.Sprintf("%s %s", removed, c.Object))
		default:
			texts = append(texts, fmt.Sprintf("%s differs", c.Object))
		}
	}
	text := strings.Join(texts, "; ")
	if more := len(changes) - shown; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

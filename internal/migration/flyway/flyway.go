// Package flyway reads and applies the SQL migrations of Flyway. What it says of Flyway is from the source of release 13.0.0.
package flyway

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// Format is Flyway's.
type Format struct{}

// Name is "flyway".
func (Format) Name() string { return "flyway" }

// own is a name that only Flyway has: repeatable ones, baselines, and versions of several numbers.
var own = regexp.MustCompile(`^(R__.+|B[0-9]+([._][0-9]+)*__.+|[VU][0-9]+[._][0-9]+([._][0-9]+)*__.+)\.sql$`)

// fits is a name that refinery's migrations can have too.
var fits = regexp.MustCompile(`^[VU][0-9]+__.+\.sql$`)

// Claims is sure of names that no other format has. The folder is the usual one of a Java project, db/migration, where the file
// lies below such a folder, since Flyway looks into its sub-folders.
func (Format) Claims(file string, _ []byte) migration.Claim {
	base := path.Base(file)
	sure := own.MatchString(base)
	if !sure && !fits.MatchString(base) {
		return migration.Claim{}
	}
	dir := path.Dir(file)
	if at := strings.LastIndex("/"+dir+"/", "/db/migration/"); at >= 0 {
		dir = dir[:at+len("db/migration")]
		sure = true
	}
	return migration.Claim{Dir: dir, Sure: sure}
}

// programs are the endings of migrations that are classes or scripts (ScriptMigrationResolver.java). Those cannot run here.
var programs = []string{".java", ".kt", ".groovy", ".scala", ".class", ".cmd", ".bat", ".ps1", ".py", ".sh", ".bash"}

// Read walks the folder with all its sub-folders, as Flyway's scanner does, and the other locations of the project's settings, and puts the versioned migrations in the order of
// their versions, and after them the repeatable ones in that of their descriptions (ResolvedMigrationComparator.java).
//
// A versioned migration's version is what Flyway stamps, with dots. A repeatable one has none: its version here is R__ and its
// description, and its checksum is that of the file with the project's own placeholders put in. A baseline, B2__name.sql, has
// its own version, or B2 where a V2 is there too; the highest is the one that an empty database runs, and all up to it is
// superseded (BaselineResolvedMigration.java, getState).
func (f Format) Read(fsys fs.FS, dir string) (*migration.History, error) {
	s, err := readSettings(fsys, dir)
	if err != nil {
		return nil, err
	}
	h := &migration.History{Format: "flyway", Dir: dir, Late: s.outOfOrder}
	if s.table != defaults().table || s.schema() != "" {
		h.VersionTable = migration.TableName(s.schema(), s.table)
	}
	places, err := s.places(fsys, dir)
	if err != nil {
		return nil, err
	}
	err = walkPlaces(fsys, places, func(file string) error {
		r, err := s.revision(fsys, file)
		if err == nil && r.Version != "" {
			h.Revisions = append(h.Revisions, r)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the migrations folder: %w", err)
	}
	for _, p := range places {
		if err := findClasses(fsys, p.root, s); err != nil {
			return nil, err
		}
	}
	_, faults, err := s.findCallbacks(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("look for callbacks: %w", err)
	}
	supersede(h.Revisions)
	if h, err = f.Tool().Sort(h, faults...); err != nil {
		return nil, err
	}
	return h, sameVersion(h)
}

// revision reads one file; it has no version where it is none.
func (s *settings) revision(fsys fs.FS, file string) (r migration.Revision, err error) {
	if n := s.parseName(path.Base(file), programs); n.kind != none && n.kind != event {
		return r, programError(file)
	}
	r.File = file
	switch n := s.parseName(path.Base(file), s.suffixes); n.kind {
	case none, undo, event:
	case baseline:
		r.Version, r.Baseline = n.version, true
	case versioned:
		r.Version = n.version
	case repeatable:
		r.Version = "R__" + strings.ReplaceAll(n.description, " ", "_")
		r.Checksum, err = s.sum(fsys, file)
	}
	return r, err
}

// sum is what Flyway compares of a repeatable migration (SqlMigrationResolver.java, getChecksumForLoadableResource). One that asks for
// the time changes with each run. Of one with placeholders, only a deploy knows the values.
func (s *settings) sum(fsys fs.FS, file string) (string, error) {
	content, err := fs.ReadFile(fsys, file)
	if err != nil {
		return "", err
	}
	o, err := readOverride(fsys, file)
	if err != nil {
		return "", err
	}
	text := string(content)
	replaces := s.placeholderReplacement
	if o.placeholderReplacement != nil {
		replaces = *o.placeholderReplacement
	}
	if !replaces || !strings.Contains(text, s.placeholderPrefix) {
		return strconv.Itoa(int(checksum(text))), nil
	}
	if strings.Contains(strings.ToLower(text), strings.ToLower(s.placeholderPrefix+"flyway"+s.placeholderSeparator+"timestamp"+s.placeholderSuffix)) {
		return migration.Always, nil
	}
	for n, value := range s.placeholders {
		text = strings.ReplaceAll(text, s.placeholderPrefix+n+s.placeholderSuffix, value)
	}
	return migration.OfDeploy + strconv.Itoa(int(checksum(text))), nil
}

// supersede marks what an empty database passes over for the highest baseline.
func supersede(revisions []migration.Revision) {
	highest := ""
	plain := map[string]bool{}
	for _, r := range revisions {
		if r.Baseline && (highest == "" || compareVersions(r.Version, highest) > 0) {
			highest = r.Version
		}
		if !r.Baseline {
			plain[r.Version] = true
		}
	}
	if highest == "" {
		return
	}
	for i := range revisions {
		r := &revisions[i]
		if r.Checksum == "" {
			order := compareVersions(r.Version, highest)
			r.Superseded = order < 0 || order == 0 && !r.Baseline
		}
		if r.Baseline && plain[r.Version] {
			r.Version = "B" + r.Version
		}
	}
}

// findClasses looks for migrations that are classes where Maven and Gradle have them: beside the resources.
func findClasses(fsys fs.FS, dir string, s *settings) error {
	before, after, found := strings.Cut("/"+dir, "/resources/")
	if !found {
		return nil
	}
	for _, language := range []string{"java", "kotlin", "groovy", "scala"} {
		folder := strings.TrimPrefix(before+"/"+language+"/"+after, "/")
		entries, err := fs.ReadDir(fsys, folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if n := s.parseName(e.Name(), programs); !e.IsDir() && n.kind != none && n.kind != event {
				return programError(path.Join(folder, e.Name()))
			}
		}
	}
	return nil
}

func programError(file string) error {
	return &migration.Error{
		File: file, Line: 1,
		Problem: "a Flyway migration that is a class or a script runs only inside your own build",
		Remedy:  "the way out is the `migrate-command` setting, with which your own build migrates the throwaway database",
	}
}

// sameVersion finds versions that are written in two ways, such as 1 and 1.0: Flyway takes them as one
// (CompositeMigrationResolver.java, checkForIncompatibilities).
func sameVersion(h *migration.History) error {
	var faults []migration.Fault
	for i, r := range h.Revisions {
		if i == 0 || r.Checksum != "" {
			continue
		}
		if other := h.Revisions[i-1]; r.Baseline == other.Baseline && compareVersions(number(r), number(other)) == 0 {
			faults = append(faults, migration.Fault{Rule: migration.DuplicateVersion, Revision: r, Other: other, OtherLine: 1, Err: &migration.Error{
				File: r.File, Line: 1,
				Problem: fmt.Sprintf("version %s is the same as version %s of %s, and %s", r.Version, other.Version, other.File, Format{}.Tool().Duplicate),
				Remedy:  "give the migration that is not released yet a version of its own",
			}})
		}
	}
	if len(faults) > 0 {
		return &migration.RefusedError{History: h, Faults: faults}
	}
	return nil
}

// number is a revision's version without the B of a baseline.
func number(r migration.Revision) string { return strings.TrimPrefix(r.Version, "B") }

// Tool is Flyway (MigrationInfoImpl.java, validate, which `migrate` begins with unless validateOnMigrate is off).
func (Format) Tool() migration.Tool {
	return migration.Tool{
		Name:       "Flyway",
		Order:      inOrder,
		OutOfOrder: "`flyway migrate` refuses to run while such a migration is missing, and runs it late where outOfOrder is set",
		Duplicate:  "Flyway refuses a version that two files claim",
		Edited:     "`flyway migrate` refuses to run, since the checksum is not the one that it noted",
		Deleted:    "`flyway migrate` refuses to run, since it has applied a migration that it does not find",
	}
}

func inOrder(a, b migration.Revision) int {
	repeats := func(r migration.Revision) int {
		if r.Checksum != "" {
			return 1
		}
		return 0
	}
	if order := cmp.Compare(repeats(a), repeats(b)); order != 0 || repeats(a) == 1 {
		return cmp.Or(order, strings.Compare(strings.ReplaceAll(a.Version, "_", " "), strings.ReplaceAll(b.Version, "_", " ")), strings.Compare(a.File, b.File))
	}
	before := func(r migration.Revision) int { // a baseline stands before the migration of its version
		if r.Baseline {
			return 0
		}
		return 1
	}
	return cmp.Or(compareVersions(number(a), number(b)), cmp.Compare(before(a), before(b)), strings.Compare(a.File, b.File))
}

// Stamps is flyway_schema_history, a log: the latest row of a version holds, so that an undone or a deleted one is not applied.
// A row without success is a migration that broke off outside of a transaction. A baseline stands for all versions up to its own
// (ResolvedMigration.java, getState). Each run of a repeatable migration has a row under its description.
func (Format) Stamps() (migration.Stamps, bool) {
	return migration.Stamps{Table: "flyway_schema_history", Query: `SELECT version, NOT success, sums, type IN ('BASELINE', 'SQL_BASELINE') FROM (
		SELECT key AS version, (array_agg(type ORDER BY installed_rank DESC))[1] AS type, (array_agg(success ORDER BY installed_rank DESC))[1] AS success,
			array_agg(checksum::text ORDER BY installed_rank DESC) FILTER (WHERE repeats AND success AND checksum IS NOT NULL) AS sums
		FROM (
			SELECT coalesce(version, 'R__' || replace(description, ' ', '_')) AS key, version IS NULL AS repeats, type, success, checksum, installed_rank FROM %s WHERE type <> 'SCHEMA') named
		GROUP BY key) latest
		WHERE type <> 'DELETE' AND type NOT LIKE 'UNDO%%' ORDER BY version`}, true
}

// Essence is each line, since Flyway refuses to go on after an edit that changes its checksum, and a comment does. What ends a
// line does not count.
func (Format) Essence(fsys fs.FS, r migration.Revision) (migration.Essence, error) {
	text, err := fs.ReadFile(fsys, r.File)
	if err != nil {
		return nil, err
	}
	_, description, _ := strings.Cut(path.Base(r.File), "__")
	e := migration.Essence{{Text: description, Line: 1}} // which Flyway compares too
	for i, line := range lines(string(text)) {
		e = append(e, migration.Token{Text: line, Line: i + 1})
	}
	return slices.Clip(e), nil
}

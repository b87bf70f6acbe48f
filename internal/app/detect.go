package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/report"
)

// candidate is a folder that looks like the migrations of a format.
type candidate struct {
	dir    string
	format migration.Format
	files  int
	// leads says that a file leads to the format's migrations in the folders below.
	leads bool
	// sure says that the files can be of no other format, and why is what else tells so: a settings file that names the
	// tool, or empty.
	sure bool
	why  string
}

// reason is why the folder was taken.
func (c candidate) reason() string {
	switch {
	case c.why != "":
		return c.why
	case c.sure:
		return "the only such folder"
	}
	return "by the files' names, and no settings of another tool are there"
}

// findMigrations finds the folders and the format of a tree's migrations, as far as they were not named.
func (r registry) findMigrations(tree fs.FS, dirs []string, format string) (candidate, error) {
	if len(dirs) > 0 && format != "" {
		return candidate{dir: dirs[0], format: byName(r.formats, format)}, nil
	}
	found, err := r.lookForMigrations(tree, ".")
	if err != nil {
		return candidate{}, err
	}
	candidates := found.choose(dirs, format)
	switch {
	case len(candidates) == 1:
		return candidates[0], nil
	case len(candidates) > 1:
		return candidate{}, usageError{severalError(candidates)}
	case len(dirs) == 0 && found.programs != "":
		return candidate{}, usageError{errors.New(found.programs)}
	case len(dirs) == 0:
		return candidate{}, usageError{fmt.Errorf("the repository holds no folder of %s migrations; name it with `migrations` and `format`", strings.Join(names(r.formats), " or "))}
	}
	if _, err := fs.Stat(tree, dirs[0]); errors.Is(err, fs.ErrNotExist) {
		return candidate{}, usageError{fmt.Errorf("there is no folder %s; name the migrations' folder with `migrations`", dirs[0])}
	}
	return candidate{}, usageError{fmt.Errorf("the folder %s holds no migrations of a known format; name the format with `format`: %s", dirs[0], strings.Join(names(r.formats), ", "))}
}

// severalError asks the user to choose, with the lines to paste.
func severalError(candidates []candidate) error {
	var b strings.Builder
	for i, c := range candidates {
		if i > 0 {
			b.WriteString(", or ")
		}
		fmt.Fprintf(&b, "`migrations: %s` with `format: %s` (%s)", c.dir, c.format.Name(), report.Count(c.files, "file"))
	}
	return fmt.Errorf("the repository has %d folders of migrations, and the choice is yours: set %s; or name each under `services` in headgate.yaml, where they are of several databases", len(candidates), b.String())
}

// passedOver are folders whose files are somebody else's, or no part of what is deployed.
var passedOver = regexp.MustCompile(`(^|/)(vendor|node_modules|testdata|\.git|\.[^/]+)/`)

// aside are folders that hold migrations for tests and for documentation, and that are taken only where there are no others.
var aside = regexp.MustCompile(`(^|/)(tests?|__tests__|spec|e2e|fixtures?|examples?|samples?|docs?|benchmarks?|internal/test[^/]*)/`)

// elsewhere are folders of what another database has.
var elsewhere = regexp.MustCompile(`(?i)(^|[/_.-])(mysql|mariadb|sqlite3?|mssql|sqlserver|oracle|clickhouse|db2|h2|cassandra|snowflake|bigquery)([/_.-]|$)`)

// sightings is what was seen of migrations in a tree.
type sightings struct {
	candidates []candidate
	evidence   []evidence
	// programs says what to do about migrations that are programs of another tool, where there are some.
	programs string
}

// lookForMigrations looks through a tree, from a folder down, for files of every format and for settings that name a tool.
func (r registry) lookForMigrations(tree fs.FS, from string) (*sightings, error) {
	s := &sightings{}
	err := fs.WalkDir(tree, from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || passedOver.MatchString(name) {
			return nil
		}
		if err := s.note(tree, name); err != nil {
			return err
		}
		if !canBeMigration(name) {
			return nil
		}
		beginning, err := readBeginning(tree, name)
		if err != nil {
			return err
		}
		for _, f := range r.formats {
			if claim := f.Claims(name, beginning); claim.Dir != "" {
				s.add(candidate{dir: claim.Dir, format: f, files: 1, sure: claim.Sure, leads: claim.Below})
			}
		}
		return nil
	})
	s.gather()
	return s, err
}

// gather takes the sub-folders of a folder that settings name as parts of it, for Flyway, which reads them all.
func (s *sightings) gather() {
	const format = "flyway"
	seen := s.candidates
	s.candidates = nil
	for _, c := range seen {
		for _, e := range s.evidence {
			if e.format == format && c.format.Name() == format && e.dir != "" && strings.HasPrefix(c.dir, e.dir+"/") {
				c.dir = e.dir
			}
		}
		s.add(c)
	}
}

// add takes in what was seen of a candidate.
func (s *sightings) add(c candidate) {
	at := slices.IndexFunc(s.candidates, func(other candidate) bool { return other.dir == c.dir && other.format.Name() == c.format.Name() })
	if at < 0 {
		s.candidates = append(s.candidates, c)
		return
	}
	known := &s.candidates[at]
	known.files += c.files
	known.sure, known.leads = known.sure || c.sure, known.leads || c.leads
}

// choose gives the candidates that remain: one where it is plain, several where only the user can tell.
func (s *sightings) choose(dirs []string, format string) []candidate {
	byDir := map[string][]candidate{}
	var order []string
	for _, c := range s.candidates {
		if len(dirs) == 0 && s.isLed(c) {
			continue
		}
		if len(dirs) > 0 && c.dir != dirs[0] || format != "" && c.format.Name() != format || len(dirs) == 0 && elsewhere.MatchString(c.dir) {
			continue
		}
		if _, seen := byDir[c.dir]; !seen {
			order = append(order, c.dir)
		}
		c.why = s.whyOf(c)
		byDir[c.dir] = append(byDir[c.dir], c)
	}
	var chosen []candidate
	for _, dir := range order {
		chosen = append(chosen, likeliest(byDir[dir], format != "")...)
	}
	asked := len(dirs) > 0 || format != ""
	chosen = slices.DeleteFunc(chosen, func(c candidate) bool { return !asked && rank(c) == 0 })
	chosen = best(chosen, func(c candidate) int { return truth(!aside.MatchString(c.dir + "/")) })
	chosen = best(chosen, func(c candidate) int { return truth(!asked) * rank(c) })
	// Settings of the tool, of sqlc and others name the folder.
	return best(chosen, func(c candidate) int { return truth(s.named(c.dir) != "") })
}

// isLed tells whether a file in a folder above leads to a candidate's migrations.
func (s *sightings) isLed(c candidate) bool {
	return slices.ContainsFunc(s.candidates, func(other candidate) bool {
		return other.leads && other.format.Name() == c.format.Name() && other.dir != c.dir && migration.Within(c.dir, other.dir)
	})
}

// has tells whether a format was seen.
func (s *sightings) has(format string) bool {
	return slices.ContainsFunc(s.candidates, func(c candidate) bool { return c.format.Name() == format })
}

// otherFormat is the format of the files that were seen, where they are all of another one than the given.
func (s *sightings) otherFormat(format string) (candidate, bool) {
	if len(s.candidates) == 0 || s.has(format) {
		return candidate{}, false
	}
	others := s.choose(nil, "")
	return others[0], len(others) == 1
}

// guesses are the formats that a folder can be taken for by the names of its files alone: the one that takes most of them, and
// of several the first. Files of the other formats have names that fit any numbered SQL, and run alike as plain ones.
var guesses = []string{"golang-migrate", "flyway", "diesel", "prisma", "plain", "schema"}

// likeliest are the formats that the files of one folder can be: what its content or the settings tell, else the best guess.
func likeliest(candidates []candidate, asked bool) []candidate {
	candidates = best(candidates, func(c candidate) int { return 2*truth(c.sure) + truth(c.why != "") })
	if asked || candidates[0].sure || candidates[0].why != "" {
		return candidates
	}
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return !slices.Contains(guesses, c.format.Name()) })
	candidates = best(candidates, func(c candidate) int { return c.files })
	return best(candidates, func(c candidate) int { return -slices.Index(guesses, c.format.Name()) })
}

// migrationFolder is a folder that by its name holds migrations.
var migrationFolder = regexp.MustCompile(`(?i)migrat|(^|/)(db|database|schema|sql|changelogs?|flyway|drizzle)(/|$)`)

// rank tells how sure it is that a folder holds migrations at all: SQL files lie about elsewhere, too, and a dump mostly
// repeats what the migrations made.
func rank(c candidate) int {
	switch {
	case c.format.Name() == "schema":
		return 1
	case c.sure || c.why != "":
		return 3
	case migrationFolder.MatchString(c.dir):
		return 2
	}
	return 0
}

// best are the candidates of the highest score.
func best(candidates []candidate, score func(candidate) int) []candidate {
	if len(candidates) == 0 {
		return nil
	}
	top := slices.MaxFunc(candidates, func(a, b candidate) int { return cmp.Compare(score(a), score(b)) })
	return slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool { return score(c) < score(top) })
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// programFolder is a folder in which migrations that are programs are looked for, so that not every program of a
// repository is opened.
var programFolder = regexp.MustCompile(`(^|/)(versions|[^/]*(alembic|migration)[^/]*)/`)

// marker is a file that is no migration itself and tells whose the others are.
var marker = regexp.MustCompile(`(^|/)(atlas\.sum|migration_lock\.toml|_journal\.json|[^/]*(changelog|liquibase)[^/]*\.(xml|ya?ml|json))$|(^|/)(db\.)?(changelogs?|liquibase)/(.*/)?[^/]*\.(xml|ya?ml|json)$`)

// canBeMigration tells by a file's name alone whether it is worth opening.
func canBeMigration(name string) bool {
	switch path.Ext(name) {
	case ".sql":
		return true
	case ".py":
		return programFolder.MatchString(name)
	case ".sum", ".toml", ".json", ".xml", ".yaml", ".yml":
		return marker.MatchString(name)
	}
	return false
}

// claimant is the format that a file is a migration of, or nil: one that is sure, or one in a folder whose name says so.
func (r registry) claimant(tree fs.FS, name string) (migration.Format, error) {
	beginning, err := readBeginning(tree, name)
	if err != nil {
		return nil, err
	}
	var likely migration.Format
	for _, f := range r.formats {
		switch claim := f.Claims(name, beginning); {
		case claim.Sure:
			return f, nil
		case claim.Dir != "" && likely == nil && strings.Contains(strings.ToLower(claim.Dir), "migration"):
			likely = f
		}
	}
	return likely, nil
}

// beginningBytes is how much of a file tells whether it is a migration: comments may stand before the annotation.
const beginningBytes = 4096

func readBeginning(tree fs.FS, name string) (beginning []byte, err error) {
	return readAtMost(tree, name, beginningBytes)
}

func readAtMost(tree fs.FS, name string, bytes int64) (text []byte, err error) {
	f, err := tree.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, bytes))
}

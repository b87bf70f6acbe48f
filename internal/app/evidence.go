package app

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// evidence is a settings file that names a tool, or a folder of migrations.
type evidence struct {
	file string
	// format is the tool's; empty where the file names a folder alone.
	format string
	// dir is the folder that it names, from the repository's top; empty where it names none.
	dir string
}

// sign is what a settings file says by its name, or by what stands in it.
type sign struct {
	format string
	name   *regexp.Regexp // of the file
	says   *regexp.Regexp // in its text, or nil; its group is the folder, seen from the file's own
}

// inBuild are those in the files of a build, which name what the project uses.
var inBuild = []sign{
	{"flyway", regexp.MustCompile(`(^|/)(flyway\.(conf|toml)|pom\.xml|build\.gradle(\.kts)?|libs\.versions\.toml)$`), regexp.MustCompile(`flyway`)},
	{"liquibase", regexp.MustCompile(`(^|/)(liquibase\.properties|pom\.xml|build\.gradle(\.kts)?)$`), regexp.MustCompile(`liquibase`)},
}

// inPom and inGradle can name the folder too.
var (
	inPom    = append([]sign{{"flyway", regexp.MustCompile(`(^|/)pom\.xml$`), regexp.MustCompile(`(?:<location>|<flyway\.locations>)\s*filesystem:(?:\$\{(?:project\.)?basedir\}/)?([\w./-]+)`)}}, inBuild...)
	inGradle = append([]sign{{"flyway", regexp.MustCompile(`(^|/)build\.gradle(\.kts)?$`), regexp.MustCompile(`(?m)^\s*flyway\s*\{[^}]*?\blocations\s*=?[^}"'\n]*["']filesystem:(?:\$\{?(?:projectDir|rootDir)\}?/)?([\w./-]+)`)}}, inBuild...)
)

// signs are the settings that teams keep beside their migrations, by the beginning of their files' names up to the first dot:
// only a file of such a name is worth a closer look. A file of many projects (go.mod, Cargo.toml) is looked into for the
// tool's name.
var signs = map[string][]sign{
	"alembic": {
		{"alembic", regexp.MustCompile(`(^|/)alembic\.ini$`), nil},
	},
	"atlas": {
		{"atlas", regexp.MustCompile(`(^|/)atlas\.hcl$`), regexp.MustCompile(`dir\s*=\s*"file://([^"?]+)`)},
	},
	"flyway": append([]sign{
		{"flyway", regexp.MustCompile(`(^|/)flyway\.(conf|toml)$`), regexp.MustCompile(`locations\s*=\s*\[?\s*"?filesystem:([^",\s\]]+)`)},
	}, inBuild...),
	"application": {
		{"flyway", regexp.MustCompile(`(^|/)application\.(ya?ml|properties)$`), regexp.MustCompile(`flyway[\s\S]{0,400}?\blocations\s*[=:][\s\["'-]*classpath:/?([\w./-]+)`)},
		{"flyway", regexp.MustCompile(`(^|/)application\.(ya?ml|properties)$`), regexp.MustCompile(`(?m)^(?:spring|quarkus)\.flyway\.|^  flyway:`)},
	},
	"pom":       inPom,
	"build":     inGradle,
	"libs":      inBuild,
	"liquibase": inBuild,
	"schema": {
		{"prisma", regexp.MustCompile(`(^|/)schema\.prisma$`), regexp.MustCompile(`provider\s*=\s*"(?:postgresql|postgres|cockroachdb)"`)},
	},
	"drizzle": {
		{"drizzle", regexp.MustCompile(`(^|/)drizzle\.config\.[a-z]+$`), regexp.MustCompile(`\bout\s*:\s*["'\x60]([^"'\x60]+)`)},
	},
	"diesel": {
		{"diesel", regexp.MustCompile(`(^|/)diesel\.toml$`), nil},
	},
	"Cargo": {
		{"diesel", regexp.MustCompile(`(^|/)Cargo\.toml$`), regexp.MustCompile(`(?m)^\s*diesel(_migrations)?\s*=|dependencies\.diesel\]`)},
		{"sqlx", regexp.MustCompile(`(^|/)Cargo\.toml$`), regexp.MustCompile(`(?m)^\s*sqlx\s*=|dependencies\.sqlx\]`)},
		{"refinery", regexp.MustCompile(`(^|/)Cargo\.toml$`), regexp.MustCompile(`(?m)^\s*refinery\s*=|dependencies\.refinery\]`)},
	},
	"sqlx": {
		{"sqlx", regexp.MustCompile(`(^|/)sqlx\.toml$`), nil},
	},
	"refinery": {
		{"refinery", regexp.MustCompile(`(^|/)refinery\.toml$`), nil},
	},
	"go": {
		{"goose", regexp.MustCompile(`(^|/)go\.mod$`), regexp.MustCompile(`pressly/goose`)},
		{"golang-migrate", regexp.MustCompile(`(^|/)go\.mod$`), regexp.MustCompile(`golang-migrate/migrate`)},
		{"tern", regexp.MustCompile(`(^|/)go\.mod$`), regexp.MustCompile(`jackc/tern`)},
		{"dbmate", regexp.MustCompile(`(^|/)go\.mod$`), regexp.MustCompile(`amacneil/dbmate`)},
		{"sql-migrate", regexp.MustCompile(`(^|/)go\.mod$`), regexp.MustCompile(`rubenv/sql-migrate`)},
	},
	"tern": {
		{"tern", regexp.MustCompile(`(^|/)tern\.conf$`), nil},
	},
	"": { // .env, .env.example
		{"dbmate", regexp.MustCompile(`(^|/)\.env(\.[\w-]+)*$`), regexp.MustCompile(`(?m)^\s*(?:export\s+)?DBMATE_MIGRATIONS_DIR\s*=\s*["']?([^"',\s$#]+)["']?\s*(?:#.*)?$`)},
	},
	"package": {
		{"dbmate", regexp.MustCompile(`(^|/)package\.json$`), regexp.MustCompile(`"dbmate"`)},
		{"node-pg-migrate", regexp.MustCompile(`(^|/)package\.json$`), regexp.MustCompile(`"node-pg-migrate"`)},
		{"node-pg-migrate", regexp.MustCompile(`(^|/)package\.json$`), regexp.MustCompile(`node-pg-migrate (?:(?:\\"|[^\n;&|"])*? )?(?:-m[ =]?|--migrations-dir[ =])(?:'|\\")?([^\s"'\\;&|]+)`)},
	},
	"default": {
		{"node-pg-migrate", regexp.MustCompile(`(^|/)config/default\.json$`), regexp.MustCompile(`"migrations-dir"\s*:\s*"([^"]+)"`)},
	},
	"config": {
		{"supabase", regexp.MustCompile(`(^|/)supabase/config\.toml$`), nil},
	},
	"database": {
		{"schema", regexp.MustCompile(`(^|/)config/database\.yml$`), nil},
	},
	"sqlc": {
		{"", regexp.MustCompile(`(^|/)sqlc\.(ya?ml|json)$`), regexp.MustCompile(`["']?schema["']?\s*:\s*\[?\s*["']?([^"'\s,\]]+)`)},
	},
}

// settingsBytes is how much of a settings file is looked into.
const settingsBytes = 256 << 10

// note takes in what a file says of migrations that are elsewhere.
func (s *sightings) note(tree fs.FS, name string) error {
	s.notePrograms(name)
	var text []byte
	begins, _, _ := strings.Cut(path.Base(name), ".")
	for _, g := range signs[begins] {
		if !g.name.MatchString(name) {
			continue
		}
		e := evidence{file: name, format: g.format}
		if g.says != nil {
			if text == nil {
				var err error
				if text, err = readAtMost(tree, name, settingsBytes); err != nil {
					return err
				}
			}
			found := g.says.FindSubmatch(text)
			if found == nil {
				continue
			}
			if len(found) > 1 {
				e.dir = path.Join(seenFrom(name), string(found[1]))
			}
		}
		s.evidence = append(s.evidence, e)
	}
	return nil
}

// seenFrom is the folder from which a settings file names others: its own, but for node-config's, which stands in a folder of
// its own beside the program.
func seenFrom(file string) string {
	dir, base := path.Split(path.Clean(file))
	if base == "default.json" {
		return path.Dir(path.Clean(dir))
	}
	return path.Clean(dir)
}

// whyOf is the settings file that says that a folder's files are of a format: one that names it, or one of the tool's in a
// folder above it, or beside it.
func (s *sightings) whyOf(c candidate) string {
	why, nearest := "", -1
	for _, e := range s.evidence {
		if e.format != c.format.Name() || e.dir != "" && e.dir != c.dir {
			continue
		}
		above := path.Dir(e.file)
		depth := len(above)
		switch {
		case e.dir != "":
			return fmt.Sprintf("%s names it", e.file)
		case above == ".":
			depth = 0
		case !strings.HasPrefix(c.dir+"/", above+"/"):
			continue
		}
		if depth > nearest {
			why, nearest = fmt.Sprintf("%s is of that tool", e.file), depth
		}
	}
	return why
}

// named is a settings file that names a folder as that of the migrations, or of the schema; empty if none does.
func (s *sightings) named(dir string) string {
	for _, e := range s.evidence {
		if e.dir != "" && (e.dir == dir || path.Dir(e.dir) == dir) {
			return e.file
		}
	}
	return ""
}

// program is a tool whose migrations are programs.
type program struct {
	tool string
	file *regexp.Regexp
	// command migrates as its users do.
	command string
}

var programs = []program{
	{"Django", regexp.MustCompile(`(^|/)migrations/0001_[a-z0-9_]+\.py$`), "python manage.py migrate"},
	{"Rails", regexp.MustCompile(`(^|/)db/migrate/[0-9]+_[a-z0-9_]+\.rb$`), "bin/rails db:migrate"},
	{"Ecto", regexp.MustCompile(`(^|/)priv/[a-z0-9_]+/migrations/[0-9]+_[a-z0-9_]+\.exs$`), "mix ecto.migrate"},
	{"Laravel", regexp.MustCompile(`(^|/)database/migrations/[0-9_]+[a-z0-9_]*\.php$`), "php artisan migrate --force"},
	{"Entity Framework", regexp.MustCompile(`(^|/)Migrations/[0-9]{14}_[A-Za-z0-9_]+\.cs$`), "dotnet ef database update"},
	{"Knex", regexp.MustCompile(`(^|/)knexfile\.[a-z]+$`), "npx knex migrate:latest"},
	{"MikroORM", regexp.MustCompile(`(^|/)mikro-orm\.config\.[a-z]+$`), "npx mikro-orm migration:up"},
	{"node-pg-migrate", regexp.MustCompile(`(^|/)migrations/([0-9]{13}|[0-9]{17})_[A-Za-z0-9_-]+\.[cm]?[jt]s$`), "npx node-pg-migrate up"},
	{"TypeORM", regexp.MustCompile(`(^|/)(ormconfig\.[a-z]+|migrations?/[0-9]{13}-[A-Za-z0-9_-]+\.(ts|js))$`), "npx typeorm migration:run"},
	{"goose (Go migrations)", regexp.MustCompile(`(^|/)migrations?/[0-9]+_[a-z0-9_]+\.go$`), "go run ./cmd/migrate"},
}

// mayBeProgram tells cheaply of most files that they are of none of the programs.
func mayBeProgram(name string) bool {
	begins, _, _ := strings.Cut(path.Base(name), ".")
	return strings.Contains(name, "igrat") || begins == "knexfile" || begins == "mikro-orm" || begins == "ormconfig"
}

// notePrograms remembers the first migration that is a program, and what to do about it.
func (s *sightings) notePrograms(name string) {
	if s.programs != "" || !mayBeProgram(name) {
		return
	}
	for _, p := range programs {
		if p.file.MatchString(name) {
			s.programs = fmt.Sprintf("the migrations of %s are programs (%s), which only its own tool runs; set `migrate-command: %s`, or what migrates the database of DATABASE_URL in your project",
				p.tool, name, p.command)
			return
		}
	}
}

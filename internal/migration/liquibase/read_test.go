package liquibase_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/liquibase"
)

// files makes a tree of names and texts.
func files(pairs ...string) fs.FS {
	tree := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return tree
}

const (
	one     = "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n"
	include = "databaseChangeLog:\n- include:\n    file: "
)

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		file, beginning string
		want            migration.Claim
	}{
		{"db/a.sql", one, migration.Claim{Dir: "db", Sure: true}},
		{"db/a.sql", "\ufeff\r\n \r\n  --  LIQUIBASE FORMATTED SQL dbms:x\r\n", migration.Claim{Dir: "db", Sure: true}},
		{"src/main/resources/db/changelog/v1/x/a.sql", one, migration.Claim{Dir: "src/main/resources/db/changelog", Sure: true}},
		{"liquibase/changelogs/a.sql", one, migration.Claim{Dir: "liquibase", Sure: true}},
		{"db/a.sql", "-- a license\n" + one, migration.Claim{}},
		{"db/a.sql", "CREATE TABLE t (id int);", migration.Claim{}},
		{"db/changelog.xml", `<?xml version="1.0"?><databaseChangeLog>`, migration.Claim{Dir: "db", Sure: true, Below: true}},
		{"db/changelog.yaml", "databaseChangeLog:", migration.Claim{Dir: "db", Sure: true, Below: true}},
		{"db/changelog.json", `{"databaseChangeLog": []}`, migration.Claim{Dir: "db", Sure: true, Below: true}},
		{"changelog.yaml", "version: 1\n", migration.Claim{}},
	} {
		if diff := cmp.Diff(c.want, liquibase.Format{}.Claims(c.file, []byte(c.beginning))); diff != "" {
			t.Errorf("%s: %s", c.file, diff)
		}
	}
}

// TestVersions says under which names changesets run: the path is seen from where Liquibase runs.
func TestVersions(t *testing.T) {
	yaml := func(path string) string { return include + path + "\n" }
	for name, c := range map[string]struct {
		tree fs.FS
		dir  string
		want []string
	}{
		"from the top":          {files("db/b.sql", one, "db/a/x.sql", one), "db", []string{"db/a/x.sql::1::ann", "db/b.sql::1::ann"}},
		"on the class path":     {files("app/src/main/resources/db/a.sql", one), "app/src/main/resources/db", []string{"db/a.sql::1::ann"}},
		"beside the settings":   {files("x/liquibase.properties", "url=jdbc:x", "x/db/a.sql", one), "x/db", []string{"db/a.sql::1::ann"}},
		"by the search path":    {files("liquibase.properties", "liquibase.search-path: db/sql,other\n", "db/sql/a.sql", one), "db/sql", []string{"a.sql::1::ann"}},
		"found by the includes": {files("x/y/root.yaml", yaml("y/z/a.sql"), "x/y/z/a.sql", one), "x/y", []string{"y/z/a.sql::1::ann"}},
		"a root above":          {files("x/root.yaml", yaml("classpath:x/z/a.sql"), "x/z/a.sql", one, "x/z/b.sql", one), "x/z", []string{"x/z/a.sql::1::ann"}},
		"a root of another":     {files("x/root.yaml", yaml("x/other/a.sql"), "x/other/a.sql", one, "x/z/b.sql", one), "x/z", []string{"x/z/b.sql::1::ann"}},
		"the root itself":       {files("x/a.yaml", yaml("a.sql"), "x/b.yaml", yaml("b.sql"), "x/a.sql", one, "x/b.sql", one), "x/b.yaml", []string{"b.sql::1::ann"}},
		"a root within a root":  {files("x/a.yaml", yaml("b.yaml"), "x/b.yaml", yaml("b.sql"), "x/b.sql", one), "x", []string{"b.sql::1::ann"}},
		"Spring Boot's":         {files("x/db.changelog-master.yaml", yaml("a.sql"), "x/b.yaml", yaml("b.sql"), "x/a.sql", one, "x/b.sql", one), "x", []string{"a.sql::1::ann"}},
		"named by the settings": {
			files("liquibase.properties", "changeLogFile=x/b.yaml", "x/a.yaml", yaml("a.sql"), "x/b.yaml", yaml("x/b.sql"), "x/a.sql", one, "x/b.sql", one),
			"x", []string{"x/b.sql::1::ann"},
		},
		"a file of SQL as the root": {files("x/a.sql", one, "x/b.sql", one), "x/b.sql", []string{"x/b.sql::1::ann"}},
		"logical paths": {
			files("x/a.sql", "--liquibase formatted sql logicalFilePath:/own/a.sql\n--changeset ann:1\nSELECT 1;\n--changeset ann:2 logicalFilePath:classpath:two.sql\nSELECT 2;\n"),
			"x", []string{"own/a.sql::1::ann", "two.sql::2::ann"},
		},
		"contexts and labels of the settings": {
			files("liquibase.properties", "contexts=prod\nlabel-filter=!slow\n",
				"x/a.sql", "--liquibase formatted sql\n--changeset ann:1 context:test\nSELECT 1;\n--changeset ann:2 contextFilter:\"prod and !test\"\nSELECT 1;\n"+
					"--changeset ann:3 labels:slow,big\nSELECT 1;\n--changeset ann:4 context:\"(test or prod) and @prod\" labels:quick\nSELECT 1;\n--changeset ann:5\nSELECT 1;\n"),
			"x", []string{"x/a.sql::2::ann", "x/a.sql::4::ann", "x/a.sql::5::ann"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := liquibase.Format{}.Read(c.tree, c.dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range h.Revisions {
				got = append(got, r.Version)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRefuses has what Liquibase refuses, and what it alone can run.
func TestRefuses(t *testing.T) {
	sql := func(lines string) fs.FS { return files("db/a.sql", "--liquibase formatted sql\n"+lines) }
	root := func(name, text string) fs.FS { return files("db/"+name, text, "db/a.sql", one) }
	const change = "--changeset ann:1\n"
	for _, c := range []struct {
		name string
		tree fs.FS
		tool bool // Liquibase refuses it
		want string
	}{
		{"no SQL", sql(change + "--changeset ann:2\nSELECT 1;\n"), true, "db/a.sql:2: Liquibase refuses this file: there is no SQL in this changeset"},
		{"no SQL at the end", sql(change + "-- \n\n--rollback SELECT 1;"), false, ""},
		{"nothing at the end", sql(change), true, "db/a.sql:2: Liquibase refuses this file: there is no SQL"},
		{"no author", sql("--changeset 1\nSELECT 1;"), true, "db/a.sql:2: Liquibase refuses this file: this line is nearly"},
		{"a blank before the id", sql("--changeset ann: 1\nSELECT 1;"), true, "there is a blank between"},
		{"one dash", sql("- changeset ann:1\nSELECT 1;"), true, "write `--changeset AUTHOR:ID`"},
		{"comments", sql(change + "--comments: so\nSELECT 1;"), true, "write `--comment TEXT`"},
		{"a comment outside", sql("--comment so\n" + change + "SELECT 1;"), true, "--comment stands outside of a changeset"},
		{"the header twice", sql("--liquibase formatted sql\n"), true, "db/a.sql:2: Liquibase refuses this file: the header stands twice"},
		{"an open rollback", sql(change + "SELECT 1;\n/* liquibase rollback\nSELECT 2;\n"), true, "db/a.sql:4: Liquibase refuses this file: the rollback comment has no end"},
		{"an unknown precondition", sql(change + "--precondition-row-count 1\nSELECT 1;"), true, `there is no precondition "row-count"`},
		{"an empty precondition", sql(change + "--precondition-sql-check\nSELECT 1;"), true, "the precondition says nothing"},
		{"a check without SQL", sql(change + "--precondition-sql-check expectedResult:0\nSELECT 1;"), true, "the sql-check says no expected result"},
		{"an unknown answer", sql(change + "--preconditions onFail:STOP\nSELECT 1;"), true, `cannot do "STOP"`},
		{"a way down that is not there", sql(change + "SELECT 1;\n--rollback changesetId:2 changesetAuthor:ann"), true, "db/a.sql:4: "},
		{"endless parameters", sql("--property name:a value:${b}\n--property name:b value:${a}${a}\n" + change + "SELECT ${a};"), true, "without end"},
		{"a form feed", sql(change + "SELECT\n\f1;"), true, "db/a.sql:4: Liquibase refuses this file: Liquibase's grammar for SQL has no token for the character U+000C"},
		{"bad ignoreLines", sql("--ignoreLines:many\n" + change + "SELECT 1;"), true, `ignoreLines cannot be "many"`},
		{"two of one id", sql(change + "SELECT 1;\n" + change + "SELECT 2;"), true, "db/a.sql:4: version db/a.sql::1::ann is also claimed by db/a.sql:2"},
		{"psql", sql("--changeset ann:1 runWith:psql\nSELECT 1;"), false, "db/a.sql:2: Liquibase hands this changeset to another program (runWith:psql), which cannot be run here; let Liquibase itself migrate"},
		{"a delimiter that Java alone reads", sql("--changeset ann:1 endDelimiter:(?=GO)\nSELECT 1;"), false, "db/a.sql:2: the delimiter"},
		{"the commercial edition", sql(change + "--rollbackSqlFile path:x.sql\nSELECT 1;"), false, "commercial edition"},

		{"a changeSet in YAML", root("changelog.yaml", "databaseChangeLog:\n- changeSet:\n    id: 1\n    author: ann\n"), false, "db/changelog.yaml:2: Headgate reads Liquibase's formatted SQL, and changelogs that include such files; this is a changeSet in YAML; let Liquibase itself migrate, with `migrate-command: liquibase update`"},
		{"a changeSet in XML", root("changelog.xml", "<databaseChangeLog>\n\n<changeSet id='1' author='ann'/>\n</databaseChangeLog>"), false, "db/changelog.xml:3: "},
		{"properties of a file", root("changelog.xml", "<databaseChangeLog><property file='x.properties'/></databaseChangeLog>"), false, "a property that is read from a file"},
		{"preconditions", root("changelog.xml", "<databaseChangeLog><preConditions><runningAs username='x'/></preConditions></databaseChangeLog>"), false, "a precondition runningAs"},
		{"a filter", root("changelog.xml", "<databaseChangeLog><includeAll path='.' resourceFilter='X'/></databaseChangeLog>"), false, "an includeAll with resourceFilter"},
		{"no file", root("changelog.yaml", include+"nothing.sql\n"), true, "db/changelog.yaml:2: this changelog includes nothing.sql"},
		{"itself", root("changelog.yaml", include+"changelog.yaml\n    relativeToChangelogFile: true\n"), true, "includes itself"},
		{"no folder", root("changelog.xml", "<databaseChangeLog><includeAll path='none'/></databaseChangeLog>"), true, "this includeAll finds no file"},
		{"no YAML", root("changelog.yaml", "databaseChangeLog: [\n"), true, "db/changelog.yaml:1: the changelog cannot be read"},
		{"no XML", root("changelog.xml", "<databaseChangeLog><include"), true, "db/changelog.xml:1: the changelog cannot be read"},
		{"an alias", root("changelog.yaml", "databaseChangeLog:\n- &a\n  include: {file: a.sql}\n- *a\n"), true, "an anchor or an alias"},
		{"deep", root("changelog.yaml", "databaseChangeLog:\n- "+strings.Repeat("{a: ", 1000)), true, "nested too deeply"},
		{"two roots", files("db/a.yaml", include+"a.sql", "db/b.yaml", include+"a.sql"), false, "there are 2 changelogs here that no other one includes: db/a.yaml, db/b.yaml; name the root changelog with `migrations`, and `format: liquibase`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := liquibase.Format{}.Read(c.tree, "db")
			if c.want == "" && err == nil {
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v\nexpected %s", err, c.want)
			}
			if refused := errors.As(err, new(*migration.RefusedError)); refused != c.tool {
				t.Errorf("refused by the tool: %v; %v", refused, err)
			}
		})
	}
}

// TestRecognises has rows that Liquibase wrote from another place, or an earlier release of it.
func TestRecognises(t *testing.T) {
	stamps, _ := liquibase.Format{}.Stamps()
	versions := []string{"db/a.sql::1::ann", "db/x/b.sql::1::ann", "db/y/b.sql::1::ann"}
	for row, want := range map[string]string{
		"db/a.sql::1::ann":                      "db/a.sql::1::ann",
		"classpath:/db/a.sql::1::ann":           "db/a.sql::1::ann",
		"src/main/resources/DB/a.sql::1::Ann":   "db/a.sql::1::ann",
		`.\a.sql::1::ann`:                       "db/a.sql::1::ann",
		"other/a.sql::1::ann":                   "other/a.sql::1::ann",
		"a.sql::2::ann":                         "a.sql::2::ann",
		"b.sql::1::ann":                         "b.sql::1::ann", // of which there are two
		"y/b.sql::1::ann":                       "db/y/b.sql::1::ann",
		"keycloak/changelog-1.xml::1::keycloak": "keycloak/changelog-1.xml::1::keycloak",
	} {
		if got := stamps.Recognise([]string{row}, versions); got[0] != want {
			t.Errorf("%s is taken for %s, and %s was expected", row, got[0], want)
		}
	}
}

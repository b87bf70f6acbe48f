package liquibase_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/liquibase"
)

// FuzzFormatted: no file brings the reader down, every changeset has a line of its own, and its essence is its own.
func FuzzFormatted(f *testing.F) {
	f.Add("--changeset ann:1 endDelimiter:\\nGO stripComments:false\nSELECT 'a;b' /* x; */;\nGO\n--rollback SELECT 1;\n")
	f.Add("--property name:a value:${b}\n--changeset \"a b\":\"c\" runOnChange:true\r\nSELECT ${a} ${${a}};\n/* liquibase rollback\nx */\n")
	f.Add("--changeset a:1\n--preconditions onFail:WARN\n--precondition-sql-check expectedResult:'0' SELECT 0\nSELECT E'\\'' \"a\".\"b\" [x] `y` 1.5e-3 $$ ; $$;")
	f.Add("--ignoreLines:start\n--ignoreLines:end\n--changeset a:1 endDelimiter:[;(]\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		tree := files("m/a.sql", "--liquibase formatted sql\n"+text)
		h, err := liquibase.Format{}.Read(tree, "m")
		if refused := (*migration.RefusedError)(nil); errors.As(err, &refused) {
			h = refused.History
		} else if err != nil && !errors.As(err, new(*migration.Error)) {
			t.Fatal(err)
		}
		if h == nil {
			return
		}
		line := 1
		for _, r := range h.Revisions {
			if r.Line <= line {
				t.Fatalf("line %d after %d", r.Line, line)
			}
			line = r.Line
			e, err := liquibase.Format{}.Essence(tree, r)
			if err != nil || len(e) == 0 || e[0].Line < r.Line {
				t.Fatalf("%s: %v %v", r.Version, e, err)
			}
		}
	})
}

// FuzzChangelog: no changelog brings the reader down.
func FuzzChangelog(f *testing.F) {
	for _, name := range []string{"xml", "yaml"} {
		f.Add(name, "databaseChangeLog:\n- include: {file: a.sql}\n- includeAll:\n    path: .\n    relativeToChangelogFile: true\n- property: {name: a, value: b}\n")
		f.Add(name, `<databaseChangeLog logicalFilePath="x"><include file="a.sql" relativeToChangelogFile="true"/></databaseChangeLog>`)
	}
	f.Fuzz(func(t *testing.T, extension, text string) {
		if extension != "xml" {
			extension = "yaml"
		}
		_, err := liquibase.Format{}.Read(files("m/changelog."+extension, text, "m/a.sql", one), "m")
		if err != nil && !errors.As(err, new(*migration.Error)) && !strings.Contains(err.Error(), "read the migrations folder") {
			t.Fatal(err)
		}
	})
}

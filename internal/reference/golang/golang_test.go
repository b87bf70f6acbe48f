package golang_test

import (
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/reference/golang"
	"github.com/headgate/headgate/internal/reference/referencetest"
)

func TestReferences(t *testing.T) {
	referencetest.Run(t, golang.Language{}, "testdata")
}

func TestReads(t *testing.T) {
	for path, want := range map[string]bool{
		"main.go":              true,
		"a/b/c.go":             true,
		"main_test.go":         false,
		"a/testdata/x.go":      false,
		"vendor/x/y.go":        false,
		"_old/x.go":            false,
		".hidden/x.go":         false,
		"a/_x.go":              false,
		"query.sql":            false,
		"testdatax/x.go":       true,
		"go":                   false,
		"internal/vendored.go": true,
	} {
		if got := (golang.Language{}).Reads(path); got != want {
			t.Errorf("Reads(%q) = %v, want %v", path, got, want)
		}
	}
}

// FuzzRead reads any text as a Go file: it must not panic, and each reference's map must hold.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"package p\nconst q = \"SELECT a FROM t WHERE b = ?\"\n",
		"package p\nfunc f() { q := `SELECT é, :a\r\nFROM t`; q += \" WHERE x = \" + y; for { q += \"!\" }; db.Query(q) }\n",
		"package p\nfunc f() { db.Exec(fmt.Sprintf(\"UPDATE %s SET a = $%d, b = %[1]d, c = '%5s'\", \"t\", n)) }\n",
		"package p\nvar sb strings.Builder\nfunc f() { var sb strings.Builder; sb.WriteString(\"DELETE FROM \\x00t\\u00e9\\xc3\\xa9\"); db.Exec(sb.String()) }\n",
		"package p\ntype T struct { gorm.Model; A string `gorm:\"column:a_b;->\"`; B U `gorm:\"embedded;embeddedPrefix:x_\"` }\nfunc (*T) TableName() string { return \"public.t\" }\ntype U struct { C int }\n",
		"package p\nconst a = b\nconst b = a + \"SELECT 1\"\n//line x.go:7\nvar c = \"SELECT 1\" + c\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		referencetest.Read(t, golang.Language{}, fstest.MapFS{
			"go.mod":   {Data: []byte("module example.com/m\n")},
			"p/x.go":   {Data: text},
			"p/y.go":   {Data: []byte("package p\nconst y = \"SELECT z FROM y\"\n")},
			"q/imp.go": {Data: []byte("package q\nimport \"example.com/m/p\"\nvar z = p.A + \" WHERE x = 1\"\n")},
		})
	})
}

package flyway

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headgate/headgate/internal/migration"
)

// FuzzSettings holds that whatever the settings say, the folder is read or the fault is named.
func FuzzSettings(f *testing.F) {
	f.Add("pom.xml", "<project><build><plugins><plugin><artifactId>flyway-maven-plugin</artifactId><configuration><locations><location>filesystem:m/*</location></locations></configuration></plugin></plugins></build></project>")
	f.Add("build.gradle", "flyway {\n locations = ['filesystem:m/**', \"classpath:${x}\"]\n}")
	f.Add("flyway.conf", "flyway.locations=filesystem:m/?,filesystem:../..,s3:x,filesystem:\nflyway.sqlMigrationPrefix=beforeMigrate")
	f.Add("application.yml", "spring:\n  flyway:\n    locations: [classpath:m, \"filesystem:\\\\m\"]")
	f.Fuzz(func(t *testing.T, base, text string) {
		if strings.ContainsAny(base, "/\x00") || base == "m" {
			return
		}
		tree := fstest.MapFS{base: {Data: []byte(text)}, "m/V1__a.sql": {Data: []byte("SELECT 1")}, "m/a/V2__b.sql": {Data: []byte("SELECT 2")}, "m/beforeMigrate.sql": {Data: []byte("SELECT 3")}}
		s, err := readSettings(tree, "m")
		if err == nil {
			_, err = s.places(tree, "m")
		}
		if err == nil {
			_, _, err = s.findCallbacks(tree, "m")
		}
		if err != nil && !errors.As(err, new(*migration.Error)) {
			t.Errorf("%v is a %T", err, err)
		}
	})
}

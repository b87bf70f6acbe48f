package prisma

import (
	"testing"
	"testing/fstest"
)

func TestSchemaOf(t *testing.T) {
	const at = "apps/api/prisma/"
	datasource := func(settings string) string {
		return "datasource db {\n  provider = \"postgresql\"\n  " + settings + "\n}\n"
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing":             {nil, "public"},
		"no parameter":        {map[string]string{at + "schema.prisma": datasource(`url = "postgresql://localhost/db"`)}, "public"},
		"in the URL":          {map[string]string{at + "schema.prisma": datasource(`url = "postgresql://localhost/db?schema=forest&x=1"`)}, "forest"},
		"escaped":             {map[string]string{at + "schema.prisma": datasource(`url = "postgresql://localhost/db?x=1&schema=my%20forest"`)}, "my forest"},
		"direct goes first":   {map[string]string{at + "schema.prisma": datasource("url = \"postgresql://pooler/db?schema=a\"\n  directUrl = \"postgresql://localhost/db?schema=b\"")}, "b"},
		"a model's own url":   {map[string]string{at + "schema.prisma": "model A {\n  url = \"?schema=x\"\n}\n" + datasource("")}, "public"},
		"another database":    {map[string]string{"apps/web/prisma/schema.prisma": datasource(`url = "postgresql://localhost/db?schema=web"`)}, "public"},
		"several files":       {map[string]string{at + "schema/user.prisma": "model User {\n}\n", at + "schema/main.prisma": datasource(`url = "postgresql://localhost/db?schema=forest"`)}, "forest"},
		"a variable":          {map[string]string{at + "schema.prisma": datasource(`url = env("DB")`), "apps/api/.env.example": "DB=postgresql://localhost/db?schema=forest\r\n"}, "forest"},
		"of the top":          {map[string]string{at + "schema.prisma": datasource(`url = env("DB")`), ".env.example": "DB='postgresql://localhost/db?schema=forest'"}, "forest"},
		"an unknown variable": {map[string]string{at + "schema.prisma": datasource(`url = env("DB")`), ".env": "DB2=postgresql://localhost/db?schema=forest"}, "public"},
		"a template":          {map[string]string{at + "schema.prisma": datasource(`url = env("DB")`), ".env": "DB=postgresql://localhost/db?schema=${SCHEMA}"}, "public"},
		"version 7":           {map[string]string{at + "schema.prisma": datasource(""), "apps/api/prisma.config.ts": "export default defineConfig({\n  datasource: {\n    url: env('DB'),\n  },\n})", ".env.example": "DB=postgresql://h/d?schema=forest"}, "forest"},
		"version 7, process":  {map[string]string{"prisma.config.ts": "export default {\n  datasource: {\n    url: process.env.DB ?? '',\n  } }", ".env.example": "DB=postgresql://h/d?schema=forest"}, "forest"},
		"too long":            {map[string]string{at + "schema.prisma": datasource(`url = "postgresql://localhost/db?schema=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst"`)}, "public"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for file, text := range c.files {
				tree[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := schemaOf(tree, at+"migrations"); got != c.want {
				t.Errorf("the schema is %q, and %q was wanted", got, c.want)
			}
		})
	}
}

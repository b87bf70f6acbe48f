package prisma

import (
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
)

var (
	datasource  = regexp.MustCompile(`(?m)^\s*datasource\s+\w+\s*\{`)
	urlSetting  = regexp.MustCompile(`(?m)^\s*url\s*=\s*(?:"([^"\n]*)"|env\(\s*"(\w+)"\s*\))`)
	directURL   = regexp.MustCompile(`(?m)^\s*directUrl\s*=\s*(?:"([^"\n]*)"|env\(\s*"(\w+)"\s*\))`)
	configURL   = regexp.MustCompile(`(?m)^\s*(?:url|directUrl)\s*:\s*(?:["']([^"'\n]*)["']|(?:env(?:<[^>\n]*>)?\(\s*["'](\w+)["']\s*\)|process\.env\.(\w+)))`)
	schemaParam = regexp.MustCompile(`[?&]schema=([^&"'\s#]+)`)
)

// environments are the files in which projects say what the variables of the environment are like; those that are committed are
// examples mostly.
var environments = []string{".env", ".env.production", ".env.example", ".env.sample", ".env.template", ".env.dist", "example.env"}

// schemaOf is the schema that the engine's connection looks for names in and keeps its table in: the parameter `schema` of the
// database's URL, "public" where it has none (quaint/src/connector/postgres/url.rs). The datasource of the Prisma schema, or
// since version 7 prisma.config.ts, has the URL or names the variable of it; directUrl goes before url (Prisma's reference,
// "directUrl"). The list `schemas` of the datasource says which schemas models are in, and changes neither.
func schemaOf(fsys fs.FS, dir string) string {
	name, known := fromDatasource(fsys, dir)
	if !known {
		return "public"
	}
	return name
}

func fromDatasource(fsys fs.FS, dir string) (name string, known bool) {
	for _, file := range prismaFiles(fsys, dir) {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			continue
		}
		block := string(text)
		settings := []*regexp.Regexp{configURL}
		if path.Ext(file) == ".prisma" {
			at := datasource.FindStringIndex(block)
			if at == nil {
				continue
			}
			block, _, _ = strings.Cut(block[at[1]:], "\n}")
			settings = []*regexp.Regexp{directURL, urlSetting}
		}
		for _, setting := range settings {
			m := setting.FindStringSubmatch(block)
			if m == nil {
				continue
			}
			value := m[1]
			if variable := strings.Join(m[2:], ""); variable != "" {
				value = fromEnvironment(fsys, dir, variable)
			}
			if name, known := parameter(value); known {
				return name, true
			}
		}
	}
	return "", false
}

// prismaFiles are the files that can have the datasource of the migrations in dir: beside them, in the folder schema there, and
// prisma.config.ts in a folder above.
func prismaFiles(fsys fs.FS, dir string) []string {
	var files []string
	above := path.Dir(dir)
	for _, pattern := range []string{"schema.prisma", "*.prisma", "schema/*.prisma"} {
		found, _ := fs.Glob(fsys, path.Join(escaped(above), pattern)) // the pattern is a good one
		files = append(files, found...)
	}
	for at := above; ; at = path.Dir(at) {
		for _, base := range []string{"prisma.config.ts", "prisma.config.js", "prisma.config.mjs", ".config/prisma.ts"} {
			files = append(files, path.Join(at, base))
		}
		if at == "." || at == "/" {
			return files
		}
	}
}

// escaped is a folder's name as a pattern that fits it alone.
func escaped(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// fromEnvironment looks for a variable in the files of the folders above the migrations.
func fromEnvironment(fsys fs.FS, dir, variable string) string {
	for at := path.Dir(dir); ; at = path.Dir(at) {
		for _, base := range environments {
			text, err := fs.ReadFile(fsys, path.Join(at, base))
			if err != nil {
				continue
			}
			for line := range strings.Lines(string(text)) {
				line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
				if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == variable {
					return strings.TrimSpace(value)
				}
			}
		}
		if at == "." || at == "/" {
			return ""
		}
	}
}

// longest is how many bytes a name of PostgreSQL has at most (manual, section 4.1.1).
const longest = 63

// parameter is the schema that a URL names. One that a template fills in says nothing.
func parameter(address string) (string, bool) {
	m := schemaParam.FindStringSubmatch(address)
	if m == nil {
		return "", false
	}
	name, err := url.QueryUnescape(m[1])
	if err != nil || name == "" || len(name) > longest || strings.ContainsAny(name, "\x00${}<>%\"") {
		return "", false
	}
	return name, true
}

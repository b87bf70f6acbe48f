package sqltext_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/requiretest"
)

// postgresSource gives the folder of PostgreSQL's source of the version that Debian has, taken from Debian's source package and
// kept in the user's cache. apt's own settings are left as they are.
func postgresSource(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = filepath.Join(os.TempDir(), fmt.Sprintf("headgate-cache-%d", os.Getuid()))
	}
	dir := filepath.Join(cache, "headgate", "postgresql-15-source")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	archives := func() []string {
		found, _ := filepath.Glob(filepath.Join(dir, "postgresql-15_*.orig.tar.*"))
		return found
	}
	if len(archives()) == 0 {
		if err := downloadSource(t, dir); err != nil {
			requiretest.Skip(t, "postgres-source", "PostgreSQL's source package cannot be had from Debian: "+err.Error())
		}
	}
	found := archives()
	if len(found) == 0 {
		requiretest.Skip(t, "postgres-source", "Debian's source package has no archive of PostgreSQL")
	}
	into := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "-xf", found[len(found)-1], "-C", into, "--strip-components=1", "--wildcards", "*.sql").CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", found[len(found)-1], err, out)
	}
	return into
}

// downloadSource has apt fetch the newest version that the mirrors really have.
func downloadSource(t *testing.T, dir string) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	work := t.TempDir()
	sources, err := sourceLists(work)
	if err != nil {
		return err
	}
	for _, folder := range []string{"lists/partial", "cache/archives/partial", "got"} {
		if err := os.MkdirAll(filepath.Join(work, folder), 0o755); err != nil {
			return err
		}
	}
	apt := func(program string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, program, append([]string{
			"-o", "Dir::Etc::sourcelist=" + sources, "-o", "Dir::Etc::sourceparts=/dev/null",
			"-o", "Dir::State::Lists=" + filepath.Join(work, "lists"), "-o", "Dir::Cache=" + filepath.Join(work, "cache"),
			"-o", "APT::Sandbox::User=root",
		}, args...)...)
		cmd.Dir = filepath.Join(work, "got")
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, lastLine(string(out)))
		}
		return string(out), err
	}
	if _, err := apt("apt-get", "update"); err != nil {
		return err
	}
	listed, err := apt("apt-cache", "showsrc", "postgresql-15")
	if err != nil {
		return err
	}
	err = fmt.Errorf("the mirrors list no source of postgresql-15")
	for _, version := range regexp.MustCompile(`(?m)^Version: (\S+)$`).FindAllStringSubmatch(listed, -1) {
		if _, err = apt("apt-get", "source", "--download-only", "--only-source", "postgresql-15="+version[1]); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	got, _ := filepath.Glob(filepath.Join(work, "got", "*.orig.tar.*"))
	for _, file := range got {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		part := filepath.Join(dir, filepath.Base(file)+".part")
		if err := os.WriteFile(part, content, 0o644); err != nil {
			return err
		}
		if err := os.Rename(part, strings.TrimSuffix(part, ".part")); err != nil {
			return err
		}
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// sourceLists writes the machine's package sources, of Debian's mirrors alone, as sources of source packages.
func sourceLists(dir string) (string, error) {
	file := filepath.Join(dir, "source.sources")
	var b strings.Builder
	stanzas, _ := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	for _, s := range stanzas {
		text, err := os.ReadFile(s)
		if err != nil {
			return "", err
		}
		for stanza := range strings.SplitSeq(string(text), "\n\n") {
			if strings.Contains(stanza, "debian") {
				b.WriteString(regexp.MustCompile(`(?m)^Types:.*$`).ReplaceAllString(strings.TrimSpace(stanza), "Types: deb-src") + "\n\n")
			}
		}
	}
	if b.Len() == 0 {
		file = filepath.Join(dir, "source.list")
		text, err := os.ReadFile("/etc/apt/sources.list")
		if err != nil {
			return "", err
		}
		for _, line := range regexp.MustCompile(`(?m)^deb (.*)$`).FindAllStringSubmatch(string(text), -1) {
			b.WriteString("deb-src " + line[1] + "\n")
		}
	}
	return file, os.WriteFile(file, []byte(b.String()), 0o644)
}

package gitrepo

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestTellingLine(t *testing.T) {
	for stderr, want := range map[string]string{
		"":                                   "",
		"warning: x\nfatal: y\nfatal: z\n":   "y",
		"hint: a\nerror: b\nhint: c":         "b",
		"just this\n":                        "just this",
		"fatal: a\x1b[31mred\x07\u202eb":     "a?[31mred??b",
		"fatal: 'https://u:secret@h/x': no":  "'https://h/x': no",
		"fatal: " + strings.Repeat("é", 400): strings.Repeat("é", 300) + "…",
		"fatal: \xff":                        "?",
	} {
		if got := tellingLine(stderr); got != want {
			t.Errorf("%q: got %q, want %q", stderr, got, want)
		}
	}
}

func FuzzTellingLine(f *testing.F) {
	f.Add("remote: x\nfatal: y://a@b\x1b\n")
	f.Fuzz(func(t *testing.T, stderr string) {
		line := tellingLine(stderr)
		if len([]rune(line)) > maxMessage+1 || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("%q", line)
		}
	})
}

func TestParseRelease(t *testing.T) {
	for tag, want := range map[string]string{
		"v1.2.3": "v1.2.3", "1.2.3": "v1.2.3", "v1.2.3-rc.1": "v1.2.3-rc.1", "v1.2.3+b": "v1.2.3+b", "1.2.3-a+b": "v1.2.3-a+b",
		"v1": "", "v1.2": "", "1": "", "": "", "v": "", "vv1.2.3": "", "v01.2.3": "", "service/v1.2.3": "", "V1.2.3": "", "v1.2.3.4": "", "release-1.2.3": "",
	} {
		got, ok := parseRelease(tag, "")
		if ok != (want != "") || got.version != want {
			t.Errorf("%q: got %v, %v", tag, got, ok)
		}
	}
}

func TestParseReleaseOfAService(t *testing.T) {
	for _, test := range []struct{ pattern, tag, want string }{
		{"billing/v*", "billing/v1.2.3", "v1.2.3"},
		{"billing/*", "billing/v1.2.3", "v1.2.3"},
		{"billing-*-prod", "billing-1.2.3-rc.1-prod", "v1.2.3-rc.1"},
		{"billing/v*", "v1.2.3", ""},
		{"billing/v*", "shop/v1.2.3", ""},
		{"billing/v*", "billing/v1", ""},
		{"a*a", "a", ""},
	} {
		got, ok := parseRelease(test.tag, test.pattern)
		if ok != (test.want != "") || got.version != test.want {
			t.Errorf("%q by %q: got %v, %v", test.tag, test.pattern, got, ok)
		}
	}
}

func TestByRank(t *testing.T) {
	want := []string{"v10.0.0", "v2.0.0", "2.0.0", "v1.10.0", "v1.9.0", "v11.0.0-rc.10", "v11.0.0-rc.2"}
	var got []release
	for _, tag := range want {
		r, _ := parseRelease(tag, "")
		got = append(got, r)
	}
	slices.Reverse(got)
	slices.SortFunc(got, byRank)
	for i, r := range got {
		if r.tag != want[i] {
			t.Errorf("%d is %s, want %s", i, r.tag, want[i])
		}
	}
}

func FuzzParseRelease(f *testing.F) {
	f.Add("v1.2.3-rc.1+b")
	f.Add("1.2")
	f.Fuzz(func(t *testing.T, tag string) {
		r, ok := parseRelease(tag, "")
		if ok && (r.tag != tag || strings.Count(r.version, ".") < 2 || byRank(r, r) != 0) {
			t.Errorf("%q became %+v", tag, r)
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("local\x00core.bare\nfalse\x00local\x00remote.a.b.url\nx\ny\x00global\x00a.b\x00"))
	f.Add([]byte("local\x00nokey\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		settings, err := parseConfig(out)
		if err != nil {
			return
		}
		var again []byte
		for _, s := range settings {
			name := s.section + "." + s.key
			if s.subsection != "" {
				name = s.section + "." + s.subsection + "." + s.key
			}
			if !s.implicit {
				name += "\n" + s.value
			}
			again = append(again, s.scope+"\x00"+name+"\x00"...)
		}
		if second, err := parseConfig(again); err != nil || !slices.Equal(settings, second) {
			t.Errorf("%q came back as %+v, %v", out, second, err)
		}
	})
}

// TestWriteConfig has git read what is written of values that need quoting.
func TestWriteConfig(t *testing.T) {
	for _, value := range []string{"", "plain", " spaces ", "a#b;c", `back\slash`, `"quoted"`, "two\nlines", "tab\there", "\b", "é\xff"} {
		for _, subsection := range []string{"", "origin", `with "quotes" and \`, "a.b]c"} {
			file := t.TempDir() + "/config"
			var text strings.Builder
			want := setting{scope: "file", section: "remote", subsection: subsection, key: "url", value: value}
			want.writeTo(&text)
			if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("git", "config", "--file", file, "--list", "-z").Output()
			if err != nil {
				t.Fatalf("%s: %v", text.String(), err)
			}
			got, err := parseConfig(append([]byte("file\x00"), out...))
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%+v came back as %+v, %v", want, got, err)
			}
		}
	}
}

func FuzzParseRaw(f *testing.F) {
	f.Add(":100644 000000 ab 00 D\x00path\x00:160000 160000 a b M\x00m\x00")
	f.Add(":")
	f.Fuzz(func(t *testing.T, out string) {
		total := 0
		err := parseRaw(out, func(c rawChange) error {
			total += len(c.path)
			return nil
		})
		if err == nil && total > len(out) {
			t.Errorf("%d bytes of paths from %d", total, len(out))
		}
	})
}

func FuzzBuilder(f *testing.F) {
	f.Add("a\nb/c\nb/d/e\nf\nb-x\nb")
	f.Add("../x\n/y\n.\na//b\na\na/b")
	f.Fuzz(func(t *testing.T, list string) {
		b := newBuilder()
		paths := strings.Split(list, "\n")
		slices.Sort(paths)
		for _, p := range paths {
			b.add(p, "100644", "")
		}
		tree := b.tree()
		lost := 0
		for _, s := range tree.skipped {
			if s.Reason == ReasonDuplicate {
				lost++ // perhaps a folder, with all that is in it
			}
		}
		if got := tree.files + len(tree.skipped); lost == 0 && got != len(paths) {
			t.Errorf("%d paths became %d", len(paths), got)
		}
		for _, p := range paths {
			n, err := tree.find("open", p)
			if err == nil && p != "." && lost == 0 && n.folder {
				t.Errorf("%q is a folder", p)
			}
		}
	})
}

// Where refs are read from files, they are those that git lists.
func TestReadRefsAgreesWithGit(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", args, out)
		}
	}
	git("init", "--quiet", "--initial-branch=main")
	git("commit", "--quiet", "--allow-empty", "--message", "1")
	git("tag", "--annotate", "--message", "x", "packed")
	git("branch", "moved")
	git("pack-refs", "--all")
	git("commit", "--quiet", "--allow-empty", "--message", "2")
	git("tag", "loose")
	git("branch", "--force", "moved")
	git("update-ref", "refs/remotes/origin/main", "HEAD")
	git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	for _, state := range []string{"branch", "detached"} {
		if state == "detached" {
			git("checkout", "--quiet", "--detach")
		}
		r, err := Open(context.Background(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		listed, err := r.listRefs(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		read, err := r.place.readRefs()
		if err != nil || !maps.Equal(read, listed) || len(read) < 7 {
			t.Errorf("%s: read %v, %v\nlisted %v", state, read, err, listed)
		}
	}
}

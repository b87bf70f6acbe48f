package githubstep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report/summary"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// readOutputs reads a GITHUB_OUTPUT file by the runner's rules (FileCommandManager in
// actions/runner): NAME=VALUE, or NAME<<DELIMITER with the lines up to one that is the delimiter.
func readOutputs(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		name, end, heredoc := strings.Cut(lines[i], "<<")
		if !heredoc || strings.Contains(name, "=") {
			name, value, ok := strings.Cut(lines[i], "=")
			if !ok {
				t.Fatalf("line %d of GITHUB_OUTPUT is no output: %q", i+1, lines[i])
			}
			outputs[name] = value
			continue
		}
		var value []string
		for i++; lines[i] != end; i++ {
			value = append(value, lines[i])
		}
		outputs[name] = strings.Join(value, "\n")
	}
	return outputs
}

func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		name   string
		result gate.Result
		path   string
		want   map[string]string
	}{
		{"found", gate.Result{Verdict: "fail", Findings: make([]gate.Finding, 3), Pending: []gate.Pending{{Version: "7"}, {Version: "1975ea83b712"}}}, "out/report.json",
			map[string]string{"verdict": "fail", "findings": "3", "pending": `["7","1975ea83b712"]`, "report": "out/report.json"}},
		{"nothing", gate.Result{Verdict: "pass"}, "",
			map[string]string{"verdict": "pass", "findings": "0", "pending": "[]", "report": ""}},
		{"hostile versions", gate.Result{Verdict: "fail", Pending: []gate.Pending{{Version: delimiter}, {Version: "\n" + delimiter + "\nverdict=pass"}, {Version: "a<<b=\r"}}}, "r%s.json",
			map[string]string{"verdict": "fail", "findings": "0", "report": "r%s.json",
				"pending": `["` + delimiter + `","\n` + delimiter + `\nverdict=pass","a\u003c\u003cb=\r"]`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "output")
			if err := Outputs(environment("GITHUB_OUTPUT", file), &c.result, c.path); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, readOutputs(t, file)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestOutputsRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "output")
	for _, c := range []struct{ name, file, verdict, path, want string }{
		{"no file", "", "pass", "", "GITHUB_OUTPUT is not set"},
		{"folder", dir, "pass", "", "the outputs cannot be set"},
		{"line end in the path", file, "fail", "a\n" + delimiter + "\nverdict=pass", "output report"},
		{"delimiter as path", file, "fail", delimiter, "output report"},
		{"line end in the verdict", file, "fail\rx", "", "output verdict"},
	} {
		err := Outputs(environment("GITHUB_OUTPUT", c.file), &gate.Result{Verdict: c.verdict}, c.path)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	if text, err := os.ReadFile(file); err == nil {
		t.Errorf("outputs were set although one was refused: %q", text)
	}
}

func TestAppendSummary(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(file, []byte("what another tool wrote"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &gate.Result{Verdict: "fail", Findings: []gate.Finding{{Rule: "code-ahead", Severity: gate.Error, Message: "m", File: "a.go", Line: 3}}}
	getenv := environment("GITHUB_STEP_SUMMARY", file, "GITHUB_SERVER_URL", "https://ghe.example", "GITHUB_REPOSITORY", "acme/forest", "GITHUB_SHA", "4a8f1c2")
	if err := AppendSummary(getenv, r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"what another tool wrote\n\n## ❌ Headgate: fail\n", "(https://ghe.example/acme/forest/blob/4a8f1c2/a.go#L3)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the summary lacks %q:\n%s", want, text)
		}
	}

	r.Head.Commit = "bbb2222"
	if err := AppendSummary(getenv, r); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(file); err != nil || !strings.Contains(string(text), "/blob/bbb2222/a.go#L3") {
		t.Errorf("the head's own commit is not linked (%v):\n%s", err, text)
	}
}

func TestAppendSummaryLeavesGitHubsLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(file, make([]byte, summary.MaxSize-20_000), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &gate.Result{Verdict: "fail"}
	for range 200 {
		r.Findings = append(r.Findings, gate.Finding{Rule: "code-ahead", Severity: gate.Error, Message: strings.Repeat("m", 500)})
	}
	getenv := environment("GITHUB_STEP_SUMMARY", file)
	if err := AppendSummary(getenv, r); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > summary.MaxSize || info.Size() < summary.MaxSize-5000 {
		t.Errorf("the step's summary has %d bytes, want just under %d", info.Size(), summary.MaxSize)
	}
	before := info.Size()
	if err := os.Truncate(file, summary.MaxSize-100); err != nil {
		t.Fatal(err)
	}
	if err := AppendSummary(getenv, r); err == nil || !strings.Contains(err.Error(), "bytes already") {
		t.Errorf("with no room left the error is %v (size before %d)", err, before)
	}
	if err := AppendSummary(environment(), r); err == nil || !strings.Contains(err.Error(), "GITHUB_STEP_SUMMARY is not set") {
		t.Errorf("without the variable the error is %v", err)
	}
}

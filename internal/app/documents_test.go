package app

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
)

var update = flag.Bool("update", false, "write the generated parts of the README")

// top is the repository's top, seen from this package.
const top = "../.."

func readTop(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// action is what a test needs to know of action.yml.
type action struct {
	Name        string
	Description string
	Inputs      map[string]struct {
		Description string
		Required    bool
	}
	Outputs map[string]struct{ Description string }
	Runs    struct {
		Using string
		Image string
		Args  []string
	}
	Branding map[string]string
}

func readAction(t *testing.T) action {
	t.Helper()
	var a action
	if err := yaml.UnmarshalWithOptions([]byte(readTop(t, "action.yml")), &a, yaml.Strict()); err != nil {
		t.Fatalf("action.yml: %v", err)
	}
	return a
}

// TestActionHasEverySetting holds action.yml against the settings: the same names and texts. An input has no default
// in action.yml, since the runner would hand it over as if it had been set, and it would be stronger than headgate.yaml.
func TestActionHasEverySetting(t *testing.T) {
	text := readTop(t, "action.yml")
	want := replaceBetween(t, text, "\ninputs:", "\n", inputsBlock(), "outputs:\n")
	if *update {
		writeTop(t, "action.yml", want)
	} else if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("the inputs of action.yml differ from the settings; write them with go test ./internal/app -update (-settings +action.yml):\n%s", diff)
	}
	a := readAction(t)
	outputs := []string{}
	for name, o := range a.Outputs {
		outputs = append(outputs, name)
		if o.Description == "" {
			t.Errorf("output %s has no description", name)
		}
	}
	slices.Sort(outputs)
	if diff := cmp.Diff([]string{"findings", "pending", "report", "verdict"}, outputs); diff != "" {
		t.Errorf("the outputs of action.yml differ from what is set:\n%s", diff)
	}
	if a.Runs.Using != "docker" || a.Runs.Image != "Dockerfile" || !slices.Equal(a.Runs.Args, []string{"check"}) {
		t.Errorf("action.yml runs %+v", a.Runs)
	}
}

func inputsBlock() string {
	var b strings.Builder
	for _, s := range newRegistry(Process{}).settings() {
		help := flagHelp(s)
		if s.Many {
			help += "; one a line"
		}
		fmt.Fprintf(&b, "  %s:\n    description: %q\n    required: false\n", s.Name, help)
	}
	return b.String()
}

func writeTop(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeIsGenerated holds the README's tables against the registry and action.yml, and its first output against the
// demo. With -update it writes them.
func TestReadmeIsGenerated(t *testing.T) {
	readme := readTop(t, "README.md")
	want := readme
	for name, table := range map[string]string{"rules": rulesTable(), "settings": settingsTable(), "formats": formatsTable(), "outputs": outputsTable(t)} {
		want = replaceBetween(t, want, "<!-- "+name+":", " -->\n", table, "<!-- /"+name+" -->")
	}
	want = replaceBetween(t, want, "$ go run . demo", "\n", demoOutput(t), "```\n")
	want = replaceBetween(t, want, "\nReports:", " ", "`"+strings.Join(names(newRegistry(Process{}).reports), "`, `")+"`", ". In a workflow")
	if *update {
		writeTop(t, "README.md", want)
		return
	}
	if diff := cmp.Diff(want, readme); diff != "" {
		t.Errorf("README.md differs from what the program says; write it with go test ./internal/app -update (-program +README.md):\n%s", diff)
	}
}

// formatsTable lists the formats with what the program knows of their tools.
func formatsTable() string {
	var b strings.Builder
	b.WriteString("| format | version table | a pending migration that comes before a released one |\n| --- | --- | --- |\n")
	for _, f := range newRegistry(Process{}).formats {
		table := "none"
		if stamps, ok := f.Stamps(); ok {
			table = "`" + strings.Join(stamps.Identifier(), ".") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name(), table, f.Tool().OutOfOrder)
	}
	return b.String()
}

// replaceBetween replaces what stands between the end of the opening and the closing.
func replaceBetween(t *testing.T, text, opening, openingEnd, replacement, closing string) string {
	t.Helper()
	start := strings.Index(text, opening)
	if start < 0 {
		t.Fatalf("there is no %q", opening)
	}
	start += len(opening)
	start += strings.Index(text[start:], openingEnd) + len(openingEnd)
	end := strings.Index(text[start:], closing)
	if end < 0 {
		t.Fatalf("there is no %q after %q", closing, opening)
	}
	return text[:start] + replacement + text[start+end:]
}

func rulesTable() string {
	var b strings.Builder
	b.WriteString("| rule | what it says | default |\n| --- | --- | --- |\n")
	for _, r := range gate.Rules {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Name, r.Says, r.Default)
	}
	return b.String()
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| name | value | meaning |\n| --- | --- | --- |\n")
	for _, s := range newRegistry(Process{}).settings() {
		value := strings.ReplaceAll(s.Value, "|", `\|`)
		if s.Many {
			value += ", a list"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, value, flagHelp(s))
	}
	return b.String()
}

func outputsTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| name | what it holds |\n| --- | --- |\n")
	a := readAction(t)
	for _, name := range []string{"verdict", "findings", "pending", "report"} {
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, a.Outputs[name].Description)
	}
	return b.String()
}

// varying is what differs from run to run: durations, the server's version and provider, the work tree's commit.
var varying = regexp.MustCompile(`(?m)^.*(PostgreSQL \d|\d+ ms|\d s).*\n`)

// demoOutput is what the demo prints, without what differs from machine to machine.
func demoOutput(t *testing.T) string {
	t.Helper()
	postgrestest.Start(t) // skips, or fails where one is required
	var out bytes.Buffer
	p := Process{Args: []string{"demo", "--postgres", "local"}, Stdout: &out, Stderr: &bytes.Buffer{}, Environ: os.Environ()}
	if code := Main(t.Context(), p); code != exitFindings {
		t.Fatalf("the demo exits with %d", code)
	}
	return varying.ReplaceAllString(out.String(), "")
}

// TestReadmeCommandsRun runs every command of the README's shell blocks.
func TestReadmeCommandsRun(t *testing.T) {
	postgrestest.Start(t) // skips, or fails where one is required
	tour := t.TempDir() + "/tour"
	if code := runProgram(t, "demo", "--keep", tour, "--postgres", "local"); code != exitFindings {
		t.Fatalf("the demo exits with %d", code)
	}
	commands := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readTop(t, "README.md"), -1)
	ran := 0
	for _, block := range commands {
		for line := range strings.Lines(block[1]) {
			command, _, _ := strings.Cut(line, "#")
			words := strings.Fields(command)
			if len(words) == 0 {
				continue
			}
			ran++
			t.Run(strings.Join(words, " "), func(t *testing.T) { runDocumented(t, words, tour) })
		}
	}
	if ran == 0 {
		t.Error("the README has no commands")
	}
}

// runDocumented runs one command of the README: headgate's in the demo's repository, make's without carrying it out, since
// this test is part of what it would run.
func runDocumented(t *testing.T, words []string, tour string) {
	t.Helper()
	switch {
	case len(words) > 3 && words[0] == "go" && words[1] == "run":
		expectDocumented(t, words[3:])
	case words[0] == "headgate":
		t.Chdir(tour)
		expectDocumented(t, words[1:])
	case words[0] == "make":
		c := exec.CommandContext(t.Context(), "make", append([]string{"--dry-run", "-C", top}, words[1:]...)...)
		if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("go test")) {
			t.Errorf("%v: %s", err, out)
		}
	default:
		t.Errorf("no test runs %q", words)
	}
}

// expectDocumented runs the program and expects what the tour is to show.
func expectDocumented(t *testing.T, args []string) {
	t.Helper()
	want := exitPass
	if (args[0] == "demo" || args[0] == "check") && !slices.Contains(args, "--help") {
		args = append(args, "--postgres", "local")
		want = exitFindings
	}
	if slices.Contains(args, "--released-first") || slices.Contains(args, "--write-baseline") {
		want = exitPass
	}
	if got := runProgram(t, args...); got != want {
		t.Errorf("exit code %d, and %d was expected", got, want)
	}
}

func runProgram(t *testing.T, args ...string) int {
	t.Helper()
	var out bytes.Buffer
	environ := append(os.Environ(), "GITHUB_ACTIONS=", "GITHUB_OUTPUT=", "GITHUB_EVENT_NAME=")
	code := Main(t.Context(), Process{Args: args, Stdout: &out, Stderr: &out, Environ: environ})
	t.Log(out.String())
	return code
}

// TestEveryDependencyIsExplained holds docs/dependencies.md against go.mod.
func TestEveryDependencyIsExplained(t *testing.T) {
	file, err := modfile.Parse("go.mod", []byte(readTop(t, "go.mod")), nil)
	if err != nil {
		t.Fatal(err)
	}
	var direct []string
	for _, r := range file.Require {
		if !r.Indirect {
			direct = append(direct, r.Mod.Path)
		}
	}
	var explained []string
	for _, m := range regexp.MustCompile(`(?m)^\| (\S+\.\S+) \|`).FindAllStringSubmatch(readTop(t, "docs/dependencies.md"), -1) {
		explained = append(explained, m[1])
	}
	slices.Sort(direct)
	slices.Sort(explained)
	if diff := cmp.Diff(direct, explained); diff != "" {
		t.Errorf("docs/dependencies.md differs from go.mod (-go.mod +dependencies.md):\n%s", diff)
	}
}

// TestEveryRuleHasAPage holds the rules against their pages.
func TestEveryRuleHasAPage(t *testing.T) {
	for _, r := range gate.Rules {
		page, err := r.Page()
		if err != nil {
			t.Error(err)
		}
		for _, part := range []string{"# " + r.Name + "\n", "**Default:**", "## Why", "## Bad", "## Good", "## What to do"} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s has no %q", r.Name, part)
			}
		}
	}
}

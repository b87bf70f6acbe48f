package app

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"

	"github.com/headgate/headgate/internal/readiness"
)

// pod, and what is below it, are the parts of a Deployment that the example uses. Strict reading finds a field that is
// misspelt or at the wrong place.
type pod struct {
	InitContainers []container `yaml:"initContainers"`
	Containers     []container `yaml:"containers"`
}

type container struct {
	Name, Image string
	Command     []string
	Ports       []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	Env []struct {
		Name      string
		ValueFrom struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	ReadinessProbe *probeSpec `yaml:"readinessProbe"`
	LivenessProbe  *probeSpec `yaml:"livenessProbe"`
	Resources      struct{ Requests, Limits struct{ CPU, Memory string } }
}

type probeSpec struct {
	HTTPGet struct {
		Path string
		Port int
	} `yaml:"httpGet"`
	PeriodSeconds  int `yaml:"periodSeconds"`
	TimeoutSeconds int `yaml:"timeoutSeconds"`
}

type deployment struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		Replicas int
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     pod
		}
	}
}

type compose struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Environment map[string]string
		Ports       []string
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		Healthcheck struct {
			Test     []string
			Interval string
		}
	}
}

type workflow struct {
	Name string
	On   struct {
		Push        struct{ Tags []string }
		PullRequest *struct{} `yaml:"pull_request"`
		MergeGroup  *struct{} `yaml:"merge_group"`
	}

	Permissions map[string]string
	Jobs        map[string]struct {
		RunsOn      string `yaml:"runs-on"`
		Environment string
		Needs       string
		Outputs     map[string]string
		Strategy    struct {
			FailFast bool `yaml:"fail-fast"`
			Matrix   string
		}
		Steps []struct {
			ID, Name, Uses, Run string
			With, Env           map[string]string
		}
	}
}

func readExample(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(readTop(t, "testdata/examples/"+name)), into, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// accepted has the program's own parser look at a command, and gives the flags with their values.
func accepted(t *testing.T, command []string) *pflag.FlagSet {
	t.Helper()
	p := Process{Environ: []string{"DATABASE_URL=postgres://db/trees"}}
	c, args, err := newRoot(p).Find(command[1:])
	if err == nil {
		err = c.ParseFlags(args)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err == nil && c.PreRunE != nil {
		err = c.PreRunE(c, nil)
	}
	if err != nil || c == c.Root() {
		t.Fatalf("%s: %v", strings.Join(command, " "), err)
	}
	return c.Flags()
}

func TestKubernetesExample(t *testing.T) {
	var d deployment
	readExample(t, "kubernetes.yaml", &d)
	if !maps.Equal(d.Spec.Selector.MatchLabels, d.Spec.Template.Metadata.Labels) || len(d.Spec.Selector.MatchLabels) == 0 {
		t.Error("the selector does not select the pods")
	}
	var commands []string
	for _, c := range slices.Concat(d.Spec.Template.Spec.InitContainers, d.Spec.Template.Spec.Containers) {
		if len(c.Command) == 0 {
			continue
		}
		commands = append(commands, strings.Join(c.Command[:2], " "))
		flags := accepted(t, c.Command)
		if c.Command[1] != "serve" {
			continue
		}
		_, port, _ := strings.Cut(flags.Lookup("listen").Value.String(), ":")
		if len(c.Ports) != 1 || fmt.Sprint(c.Ports[0].ContainerPort) != port {
			t.Errorf("the port is %v, and the program listens on %s", c.Ports, port)
		}
		for path, probe := range map[string]*probeSpec{readiness.ReadyPath: c.ReadinessProbe, readiness.HealthPath: c.LivenessProbe} {
			if probe == nil || probe.HTTPGet.Path != path || fmt.Sprint(probe.HTTPGet.Port) != port {
				t.Errorf("the probe of %s is %+v, and the program listens on %s", path, probe, port)
			}
		}
		limit, err := flags.GetDuration("timeout")
		if err != nil || c.ReadinessProbe.TimeoutSeconds <= int(limit.Seconds()) {
			t.Errorf("the probe gives up after %d s, before a look at the database does after %v: %v", c.ReadinessProbe.TimeoutSeconds, limit, err)
		}
	}
	if want := []string{"headgate status", "headgate serve"}; !slices.Equal(commands, want) {
		t.Errorf("the containers run %q, and %q was expected", commands, want)
	}
}

func TestComposeExample(t *testing.T) {
	var c compose
	readExample(t, "compose.yaml", &c)
	ran := map[string]int{}
	for name, s := range c.Services {
		for _, command := range [][]string{s.Command, s.Healthcheck.Test[min(1, len(s.Healthcheck.Test)):]} {
			if len(command) > 0 && command[0] == "headgate" {
				accepted(t, command)
				ran[command[1]]++
			}
		}
		for other := range s.DependsOn {
			if c.Services[other].Image == "" {
				t.Errorf("%s depends on %s, which is not there", name, other)
			}
		}
	}
	if want := map[string]int{"status": 2, "serve": 1}; !maps.Equal(ran, want) {
		t.Errorf("the services run %v, and %v was expected", ran, want)
	}
}

func TestDeployExample(t *testing.T) {
	var w workflow
	readExample(t, "github-deploy.yaml", &w)
	var order []string
	for _, step := range w.Jobs["deploy"].Steps {
		program, rest, _ := strings.Cut(step.Run, " ")
		switch program {
		case "headgate":
			command, _, _ := strings.Cut(rest, ">")
			words := append([]string{program}, strings.Fields(command)...)
			accepted(t, words)
			order = append(order, words[1])
		case "kubectl":
			order = append(order, "rollout")
		}
	}
	if want := []string{"heads", "status", "rollout"}; !slices.Equal(order, want) {
		t.Errorf("the job runs %q, and %q was expected", order, want)
	}
}

// TestServicesExample follows the matrix from the command that prints it to the input that takes it.
func TestServicesExample(t *testing.T) {
	var w workflow
	readExample(t, "services.yaml", &w)
	list := w.Jobs["services"].Steps[1]
	command, _, _ := strings.Cut(strings.TrimPrefix(list.Run, `echo "matrix=$(go run github.com/headgate/headgate@latest `), ")")
	if flags := accepted(t, append([]string{"headgate"}, strings.Fields(command)...)); flags.Lookup("json").Value.String() != "true" {
		t.Errorf("%s prints no JSON", list.Run)
	}
	if got := w.Jobs["services"].Outputs["matrix"]; got != "${{ steps."+list.ID+".outputs.matrix }}" {
		t.Errorf("the output is %s", got)
	}
	check := w.Jobs["headgate"]
	if check.Needs != "services" || check.Strategy.Matrix != "${{ fromJSON(needs.services.outputs.matrix) }}" {
		t.Errorf("the jobs are made of %s of %s", check.Strategy.Matrix, check.Needs)
	}
	for input, value := range check.Steps[1].With {
		if _, there := readAction(t).Inputs[input]; !there || value != "${{ matrix.service }}" {
			t.Errorf("%s is given to the input %s", value, input)
		}
	}
}

// TestEveryExampleIsChecked finds an example that no test reads.
func TestEveryExampleIsChecked(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(top, "testdata/examples"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if want := []string{"compose.yaml", "github-deploy.yaml", "kubernetes.yaml", "services.yaml"}; !slices.Equal(files, want) {
		t.Errorf("the examples are %q, and %q are read by tests", files, want)
	}
}

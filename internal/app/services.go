package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/config"
)

// mostJobs is how many jobs GitHub makes of a matrix (docs.github.com, "Running variations of jobs in a workflow").
const mostJobs = 256

func newServices(p Process, r registry) *cobra.Command {
	settings := r.settings()
	c := &cobra.Command{
		Use:   "services",
		Short: "Print the services of headgate.yaml, one a line",
		Long: `services prints the names of the services in headgate.yaml. --json prints a matrix for GitHub's fromJSON, so that they
spread over jobs, each of which checks its own with the input service. A whole workflow is among the examples that the README
names. Where headgate.yaml names no services, the matrix has one job for the repository.`,
		Example: `  headgate services
  headgate services --json --jobs 20`,
		Args: noArguments,
	}
	dir := addDirFlag(c)
	flags := addSettings(c, settings, "head")
	asJSON := c.Flags().Bool("json", false, "print a matrix for fromJSON")
	jobs := c.Flags().Int("jobs", mostJobs, "over how many jobs the services are to spread at most, a `NUMBER` up to 256, which is GitHub's own limit")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if *jobs < 1 || *jobs > mostJobs {
			return usageError{fmt.Errorf("--jobs is a number from 1 to %d", mostJobs)}
		}
		l := loader{settings, config.Sources{Flags: flags()}}
		flagged, err := config.Given(l.settings, l.given)
		if err != nil {
			return usageError{err}
		}
		tree, done, err := p.headTree(c.Context(), *dir, flagged.Head)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, done()) }()
		configs, err := l.load(tree)
		if err != nil {
			return err
		}
		services := make([]string, len(configs))
		for i, conf := range configs {
			services[i] = conf.Service
		}
		return p.printServices(services, *asJSON, *jobs)
	}
	return c
}

// job is one entry of a matrix: its services, as the input takes them. It is empty for a repository that is one service.
type job struct {
	Service string `json:"service"`
}

func (p Process) printServices(services []string, asJSON bool, jobs int) error {
	if asJSON {
		return json.NewEncoder(p.Stdout).Encode(map[string][]job{"include": spread(services, jobs)})
	}
	for _, name := range services {
		if name == "" {
			p.say("%s names no services, so that the repository is one", config.File)
			continue
		}
		if _, err := fmt.Fprintln(p.Stdout, name); err != nil {
			return err
		}
	}
	return nil
}

// spread gives each job as many services as the next, or one more. Neighbours stay together, since they mostly share code.
func spread(services []string, jobs int) []job {
	jobs = min(jobs, len(services))
	all := make([]job, jobs)
	for i := range all {
		from, to := i*len(services)/jobs, (i+1)*len(services)/jobs
		all[i].Service = strings.Join(services[from:to], ",")
	}
	return all
}

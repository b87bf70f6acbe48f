package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report/annotations"
	"github.com/headgate/headgate/internal/report/githubstep"
	"github.com/headgate/headgate/internal/report/json"
	"github.com/headgate/headgate/internal/report/summary"
	"github.com/headgate/headgate/internal/report/text"
)

// reportFile is where an action leaves the JSON report, in the workspace, for later steps.
const reportFile = "headgate-report.json"

// write writes the reports that were asked for, or those that fit the place, and the step's outputs.
func (c *proposal) write(reports []config.Report, r *gate.Result) error {
	if len(reports) == 0 {
		reports = c.usualReports()
	}
	reportPath := ""
	for _, wanted := range reports {
		if wanted.Format == (json.Format{}).Name() && wanted.File != "" {
			reportPath = wanted.File
		}
		if err := c.writeOne(wanted, r); err != nil {
			return fmt.Errorf("report %s: %w", wanted.Format, err)
		}
	}
	if c.getenv("GITHUB_OUTPUT") == "" {
		return nil
	}
	return githubstep.Outputs(c.getenv, r, reportPath)
}

// usualReports are those of a terminal, or of a workflow's step.
func (c *proposal) usualReports() []config.Report {
	reports := []config.Report{{Format: text.Format{}.Name()}}
	if c.inAction() {
		reports = append(reports,
			config.Report{Format: annotations.Format{}.Name()},
			config.Report{Format: summary.Format{}.Name()},
			config.Report{Format: json.Format{}.Name(), File: reportFile})
	}
	return reports
}

func (c *proposal) writeOne(wanted config.Report, r *gate.Result) error {
	if wanted.Format == (summary.Format{}).Name() && wanted.File == "" && c.getenv("GITHUB_STEP_SUMMARY") != "" {
		return githubstep.AppendSummary(c.getenv, r)
	}
	format := byName(c.registry.reports, wanted.Format)
	if wanted.File == "" {
		return format.Write(c.Stdout, r)
	}
	return replaceFile(wanted.File, func(w io.Writer) error { return format.Write(w, r) })
}

// replaceFile writes beside the file and then takes its place, so that a link that a pull request left there is
// replaced and not followed.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), ".headgate-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

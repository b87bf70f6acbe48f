// Package githubstep hands a check's outcome to the workflow step of GitHub Actions that it runs in:
// the step's outputs and its job summary.
package githubstep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report/summary"
)

// delimiter is what go-githubactions puts around each output's value. The name is spelt so there.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// Outputs sets the step's outputs in the file that getenv("GITHUB_OUTPUT") names:
//
//	verdict   "pass" or "fail"
//	findings  how many findings there are, of any severity
//	pending   the versions of the pending migrations as a JSON list of strings, "[]" where there is
//	          none; a workflow reads it with fromJSON
//	report    the path of the JSON report, empty where none was written
//
// It sets all of them or, with an error, none.
func Outputs(getenv func(string) string, r *gate.Result, reportPath string) (err error) {
	if getenv("GITHUB_OUTPUT") == "" {
		return errors.New("the outputs cannot be set: GITHUB_OUTPUT is not set, as it is in a step of GitHub Actions")
	}
	versions := make([]string, len(r.Pending))
	for i, m := range r.Pending {
		versions[i] = m.Version
	}
	pending, err := json.Marshal(versions)
	if err != nil {
		return fmt.Errorf("output pending: %w", err)
	}
	outputs := []struct{ name, value string }{
		{"verdict", r.Verdict},
		{"findings", strconv.Itoa(len(r.Findings))},
		{"pending", string(pending)},
		{"report", reportPath},
	}
	for _, o := range outputs {
		if err := singleLine(o.value); err != nil {
			return fmt.Errorf("output %s: %w", o.name, err)
		}
	}
	// The library panics where the file cannot be written.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the outputs cannot be set: %v", p)
		}
	}()
	action := githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(io.Discard))
	for _, o := range outputs {
		action.SetOutput(o.name, o.value)
	}
	return nil
}

// singleLine refuses a value that would end its own heredoc in GITHUB_OUTPUT and so set other
// outputs: the library's delimiter is always the same, and known to the author of a pull request.
func singleLine(value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return fmt.Errorf("the value %q has a line end, which could set other outputs; choose another name", value)
	}
	if value == delimiter {
		return fmt.Errorf("the value %q is the delimiter of GITHUB_OUTPUT; choose another name", value)
	}
	return nil
}

// AppendSummary appends the job summary to the file that getenv("GITHUB_STEP_SUMMARY") names. What
// the step wrote there before counts towards summary.MaxSize. Files are linked where getenv has
// GITHUB_SERVER_URL and GITHUB_REPOSITORY and r has the head's commit, else at GITHUB_SHA.
func AppendSummary(getenv func(string) string, r *gate.Result) (err error) {
	name := getenv("GITHUB_STEP_SUMMARY")
	if name == "" {
		return errors.New("the job summary cannot be written: GITHUB_STEP_SUMMARY is not set, as it is in a step of GitHub Actions")
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("the job summary cannot be written: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("the job summary cannot be written: %w", err)
	}
	const separator = "\n\n"
	room := summary.MaxSize - int(info.Size()) - len(separator)
	if room < minimum {
		return fmt.Errorf("the job summary cannot be written: %s holds %d bytes already, and GitHub takes %d", name, info.Size(), summary.MaxSize)
	}
	if info.Size() > 0 {
		if _, err := io.WriteString(file, separator); err != nil {
			return fmt.Errorf("the job summary cannot be written: %w", err)
		}
	}
	commit := r.Head.Commit
	if commit == "" {
		commit = getenv("GITHUB_SHA")
	}
	format := summary.Format{
		Limit: room,
		Links: summary.Links{ServerURL: getenv("GITHUB_SERVER_URL"), Repository: getenv("GITHUB_REPOSITORY"), Commit: commit},
	}
	if err := format.Write(file, r); err != nil {
		return fmt.Errorf("the job summary cannot be written: %w", err)
	}
	return nil
}

// minimum is the room, in bytes, that a summary with nothing but its verdict takes.
const minimum = 1024

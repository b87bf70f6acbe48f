package gitrepo

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Event is what GitHub tells a job about why it runs. The zero Event is a run
// by hand.
type Event struct {
	Name          string // GITHUB_EVENT_NAME: "pull_request", "merge_group", "push", …
	Ref           string // GITHUB_REF: "refs/heads/main", "refs/tags/v1.4.0", "refs/pull/5/merge"
	HeadSHA       string // GITHUB_SHA
	BaseRef       string // the branch that a pull request or merge group is to go into, without refs/heads/; "" otherwise
	BaseSHA       string // what the base branch was at when the event fired, "" if GitHub does not say
	Before        string // push: what the branch was at before; "" for a new branch or tag
	DefaultBranch string // the repository's, "" if GitHub does not say
}

// payload is the part of the webhook's JSON that is used
// (docs.github.com/webhooks/webhook-events-and-payloads).
type payload struct {
	PullRequest *struct {
		Base struct {
			Ref string `json:"ref"`
			SHA string `json:"sha"`
		} `json:"base"`
	} `json:"pull_request"`
	MergeGroup *struct {
		BaseRef string `json:"base_ref"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	Before     string `json:"before"`
	Repository struct {
		DefaultBranch string `json:"default_branch"`
	} `json:"repository"`
}

// EventFromEnv reads the event from the environment of a GitHub Actions job and
// from the file at GITHUB_EVENT_PATH. Without GITHUB_EVENT_NAME it is the zero
// Event.
func EventFromEnv(getenv func(string) string, readFile func(string) ([]byte, error)) (Event, error) {
	ev := Event{
		Name:    getenv("GITHUB_EVENT_NAME"),
		Ref:     getenv("GITHUB_REF"),
		HeadSHA: getenv("GITHUB_SHA"),
		BaseRef: getenv("GITHUB_BASE_REF"),
	}
	if ev.Name == "" {
		return Event{}, nil
	}
	if name := getenv("GITHUB_EVENT_PATH"); name != "" {
		text, err := readFile(name)
		if err != nil {
			return Event{}, fmt.Errorf("read the event of GITHUB_EVENT_PATH: %w", err)
		}
		var p payload
		if err := json.Unmarshal(text, &p); err != nil {
			return Event{}, fmt.Errorf("%s (GITHUB_EVENT_PATH): %w", name, err)
		}
		ev.fill(p)
	}
	if ev.BaseRef != "" && !validRef(ev.BaseRef) {
		return Event{}, fmt.Errorf("the event's base %q is no branch name", ev.BaseRef)
	}
	return ev, nil
}

func (ev *Event) fill(p payload) {
	ev.DefaultBranch = p.Repository.DefaultBranch
	switch {
	case p.PullRequest != nil:
		if ev.BaseRef == "" { // GITHUB_BASE_REF is not set for pull_request_review and its like
			ev.BaseRef = p.PullRequest.Base.Ref
		}
		ev.BaseSHA = hashOrNone(p.PullRequest.Base.SHA)
	case p.MergeGroup != nil:
		ev.BaseRef = strings.TrimPrefix(p.MergeGroup.BaseRef, "refs/heads/")
		ev.BaseSHA = hashOrNone(p.MergeGroup.BaseSHA)
	case ev.Name == "push":
		ev.Before = hashOrNone(p.Before)
	}
}

// hashOrNone is a full object id that is not all zeros (GitHub's word for
// "there was nothing"), else "".
func hashOrNone(s string) string {
	if !isHash(s) || strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

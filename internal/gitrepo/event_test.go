package gitrepo_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/gitrepo"
)

func TestEventFromEnv(t *testing.T) {
	sha := strings.Repeat("ab", 20)
	zero := strings.Repeat("0", 40)
	tests := map[string]struct {
		env     map[string]string
		payload string
		want    gitrepo.Event
		err     string
	}{
		"by hand": {env: map[string]string{"GITHUB_REF": "refs/heads/x"}},
		"pull request": {
			env:     map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main", "GITHUB_SHA": sha, "GITHUB_REF": "refs/pull/5/merge"},
			payload: `{"pull_request":{"base":{"ref":"main","sha":"` + sha + `"}},"repository":{"default_branch":"trunk"}}`,
			want:    gitrepo.Event{Name: "pull_request", Ref: "refs/pull/5/merge", HeadSHA: sha, BaseRef: "main", BaseSHA: sha, DefaultBranch: "trunk"},
		},
		"pull request review": {
			env:     map[string]string{"GITHUB_EVENT_NAME": "pull_request_review"},
			payload: `{"pull_request":{"base":{"ref":"main","sha":"--upload-pack=x"}}}`,
			want:    gitrepo.Event{Name: "pull_request_review", BaseRef: "main"},
		},
		"merge group": {
			env:     map[string]string{"GITHUB_EVENT_NAME": "merge_group"},
			payload: `{"merge_group":{"base_ref":"refs/heads/release/1","base_sha":"` + sha + `"}}`,
			want:    gitrepo.Event{Name: "merge_group", BaseRef: "release/1", BaseSHA: sha},
		},
		"push": {
			env:     map[string]string{"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"},
			payload: `{"before":"` + sha + `"}`,
			want:    gitrepo.Event{Name: "push", Ref: "refs/heads/main", Before: sha},
		},
		"push of a new branch": {
			env:     map[string]string{"GITHUB_EVENT_NAME": "push"},
			payload: `{"before":"` + zero + `"}`,
			want:    gitrepo.Event{Name: "push"},
		},
		"no payload":     {env: map[string]string{"GITHUB_EVENT_NAME": "push"}, want: gitrepo.Event{Name: "push"}},
		"broken payload": {env: map[string]string{"GITHUB_EVENT_NAME": "push"}, payload: "{", err: "event.json (GITHUB_EVENT_PATH): unexpected end of JSON input"},
		"absent payload": {env: map[string]string{"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": "gone.json"}, err: "read the event of GITHUB_EVENT_PATH"},
		"base that is an option": {
			env: map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "--upload-pack=x"},
			err: `the event's base "--upload-pack=x" is no branch name`,
		},
		"base that is a refspec": {
			env: map[string]string{"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main:refs/heads/main"},
			err: "is no branch name",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			getenv := func(key string) string {
				if key == "GITHUB_EVENT_PATH" && test.payload != "" {
					return "event.json"
				}
				return test.env[key]
			}
			got, err := gitrepo.EventFromEnv(getenv, func(name string) ([]byte, error) {
				if name != "event.json" {
					return nil, fs.ErrNotExist
				}
				return []byte(test.payload), nil
			})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("the error is %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func FuzzEventFromEnv(f *testing.F) {
	f.Add("main", `{"pull_request":{"base":{"ref":"-x","sha":"0"}}}`)
	f.Add("", `{"merge_group":{"base_ref":"refs/heads/main"},"before":null}`)
	f.Fuzz(func(t *testing.T, base, payload string) {
		env := map[string]string{"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": "e", "GITHUB_BASE_REF": base}
		ev, err := gitrepo.EventFromEnv(func(key string) string { return env[key] }, func(string) ([]byte, error) { return []byte(payload), nil })
		if err == nil && strings.ContainsAny(ev.BaseRef, ": \n") || strings.HasPrefix(ev.BaseRef, "-") && err == nil {
			t.Errorf("the base %q was let through", ev.BaseRef)
		}
		if errors.Is(err, fs.ErrNotExist) {
			t.Error("the payload was not read")
		}
	})
}

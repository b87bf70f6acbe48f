package gitrepo

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// setting is one value of git's configuration.
type setting struct {
	scope      string // "system", "global", "local", "worktree" or "command"
	section    string // lower case
	subsection string // may hold anything but a newline
	key        string // lower case
	value      string
	implicit   bool // the key stands without "= value", which means true
}

// parseConfig reads what git config --list -z --show-scope prints.
func parseConfig(out []byte) ([]setting, error) {
	var settings []setting
	for len(out) > 0 {
		scope, rest, ok1 := bytes.Cut(out, []byte{0})
		entry, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("git config --list ended within %q", out)
		}
		out = rest
		name, value, hasValue := strings.Cut(string(entry), "\n")
		first, last := strings.IndexByte(name, '.'), strings.LastIndexByte(name, '.')
		if first < 0 {
			return nil, fmt.Errorf("git config --list printed %q, which is no key", name)
		}
		s := setting{scope: string(scope), section: name[:first], key: name[last+1:], value: value, implicit: !hasValue}
		if first < last {
			s.subsection = name[first+1 : last]
		}
		settings = append(settings, s)
	}
	return settings, nil
}

// allowedKeys are the keys of the checkout's own configuration that are kept.
// None of them makes git run a program or write a file: they say where a remote
// is, how to be known to it (actions/checkout leaves its token in
// http.*.extraheader), and how the work tree is laid out. The list names what is
// allowed, since what is harmful grows with every release of git: fsmonitor,
// hooks, core.sshCommand, core.gitProxy, core.askPass, credential.helper, diff
// and filter drivers, aliases, gpg programs, remote.*.uploadpack, remote.*.vcs,
// core.worktree, http.saveCookies and what comes next.
func allowedKeys(section string) []string {
	switch section {
	case "core":
		return []string{
			"autocrlf", "checkstat", "eol", "excludesfile", "filemode", "ignorecase", "longpaths", "precomposeunicode",
			"sparsecheckout", "sparsecheckoutcone", "symlinks", "trustctime",
		}
	case "extensions":
		return []string{"objectformat", "partialclone"}
	case "remote":
		return []string{"fetch", "partialclonefilter", "promisor", "proxy", "proxyauthmethod", "url"}
	case "branch":
		return []string{"merge", "remote"}
	case "url":
		return []string{"insteadof"}
	case "credential":
		return []string{"usehttppath", "username"}
	case "http":
		return []string{
			"cookiefile", "emptyauth", "extraheader", "followredirects", "lowspeedlimit", "lowspeedtime", "pinnedpubkey",
			"proxy", "proxyauthmethod", "schannelcheckrevoke", "schannelusesslcainfo", "sslbackend", "sslcainfo",
			"sslcapath", "sslcert", "sslkey", "sslverify", "sslversion", "useragent", "version",
		}
	}
	return nil
}

func (s setting) allowed() bool {
	// Git puts a promisor remote's name into a command line as it is, where
	// "--upload-pack=…" would be an option.
	if strings.HasPrefix(s.subsection, "-") || (s.key == "partialclone" || s.key == "remote") && strings.HasPrefix(s.value, "-") {
		return false
	}
	return slices.Contains(allowedKeys(s.section), s.key) && !strings.Contains(s.subsection, "\n")
}

// writeTo writes a setting in the syntax of git-config(1).
func (s setting) writeTo(text *strings.Builder) {
	text.WriteString("[" + s.section)
	if s.subsection != "" {
		text.WriteString(` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s.subsection) + `"`)
	}
	text.WriteString("]\n\t" + s.key)
	if !s.implicit {
		text.WriteString(` = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\b", `\b`).Replace(s.value) + `"`)
	}
	text.WriteByte('\n')
}

// remotes picks the remote to fetch from (origin, or the only one) and the one
// that holds what a partial clone lacks.
func remotes(settings []setting) (remote, promisor string) {
	var names []string
	for _, s := range settings {
		switch {
		case s.section == "remote" && s.key == "url" && !slices.Contains(names, s.subsection):
			names = append(names, s.subsection)
		case s.section == "remote" && s.key == "promisor" && (s.implicit || s.value == "true"):
			promisor = s.subsection
		case s.section == "extensions" && s.key == "partialclone" && promisor == "":
			promisor = s.value
		}
	}
	switch {
	case slices.Contains(names, "origin"):
		remote = "origin"
	case len(names) == 1:
		remote = names[0]
	}
	return remote, promisor
}

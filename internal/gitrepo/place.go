package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// place is where a repository's parts lie. It is found without git, because git
// would believe core.worktree and would refuse another owner's folder.
type place struct {
	top       string // the work tree's top folder, "" if bare
	gitDir    string // HEAD and index of this work tree
	commonDir string // objects, refs and configuration, shared by all work trees
}

// locate walks up from dir to the first repository (gitrepository-layout(5)).
func locate(dir string) (place, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return place{}, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return place{}, &NotARepositoryError{Dir: dir, Reason: reason(err)}
	}
	if info, err := os.Stat(abs); err != nil {
		return place{}, &NotARepositoryError{Dir: dir, Reason: reason(err)}
	} else if !info.IsDir() {
		return place{}, &NotARepositoryError{Dir: dir, Reason: "it is not a folder"}
	}
	for d := abs; ; d = filepath.Dir(d) {
		gitDir, err := dotGit(d)
		if err != nil {
			return place{}, &NotARepositoryError{Dir: dir, Reason: reason(err)}
		}
		p := place{top: d, gitDir: gitDir}
		if gitDir == "" && isGitDir(d) {
			p = place{gitDir: d}
		}
		if p.gitDir != "" {
			if p.commonDir, err = commonDir(p.gitDir); err != nil {
				return place{}, &NotARepositoryError{Dir: dir, Reason: reason(err)}
			}
			return p, nil
		}
		if filepath.Dir(d) == d {
			return place{}, &NotARepositoryError{Dir: dir}
		}
	}
}

// dotGit is the git directory that dir/.git is or names, "" if there is none.
func dotGit(dir string) (string, error) {
	name := filepath.Join(dir, ".git")
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.IsDir():
		if isGitDir(name) {
			return name, nil
		}
		return "", nil // git too looks further up where .git is some other folder
	case !info.Mode().IsRegular():
		return "", nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%s is a file that does not start with \"gitdir: \"", name)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}
	if !isGitDir(target) {
		return "", fmt.Errorf("%s names %s, which is no git directory", name, target)
	}
	return filepath.Clean(target), nil
}

func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "commondir")); err == nil {
		return true
	}
	for _, part := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, part)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// commonDir is what the git directories of several work trees share.
func commonDir(gitDir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return gitDir, nil
	}
	if err != nil {
		return "", err
	}
	common := strings.TrimRight(string(text), "\r\n")
	if !filepath.IsAbs(common) {
		common = filepath.Join(gitDir, common)
	}
	if info, err := os.Stat(filepath.Join(common, "objects")); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s has no objects: the main work tree was moved or removed", common)
	}
	return filepath.Clean(common), nil
}

// reason is an error without the path that the message around it gives already.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("%s does not exist", pathErr.Path)
	}
	return err.Error()
}

package liquibase_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration/liquibase"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/requiretest"
)

func TestConformance(t *testing.T) { migrationtest.Run(t, liquibase.Format{}) }

// TestSameAsLiquibase runs every case by Liquibase itself, where the program is there: release 4.33 in Java, which no Go module
// has.
func TestSameAsLiquibase(t *testing.T) {
	program, err := exec.LookPath("liquibase")
	if err != nil {
		requiretest.Skip(t, "liquibase", "there is no program liquibase: "+err.Error())
	}
	migrationtest.Compare(t, liquibase.Format{}, migrationtest.Reference{
		Up: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error { return run(t, program, tree, c, "update") },
		Down: func(t *testing.T, tree fs.FS, c *pgx.ConnConfig) error {
			return run(t, program, tree, c, "rollback-count", "--count=1000")
		},
		Rows: `SELECT concat_ws('|', id, author, filename, orderexecuted, exectype, md5sum, description, comments, contexts, labels) FROM public.databasechangelog ORDER BY orderexecuted`,
		Apart: map[string]string{
			"no_way_down": "Liquibase refuses to take a changeset back that has no way down, and here nothing happens",
		},
	})
}

// run writes the case to a folder. Where it has no root changelog, the root includes the folder.
func run(t *testing.T, program string, tree fs.FS, config *pgx.ConnConfig, command ...string) error {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	roots, err := filepath.Glob(filepath.Join(dir, "migrations", "*changelog*"))
	if err != nil {
		t.Fatal(err)
	}
	root := "root.yaml"
	if len(roots) > 0 {
		root = "migrations/" + filepath.Base(roots[0])
	} else if err := os.WriteFile(filepath.Join(dir, root), []byte("databaseChangeLog:\n  - includeAll:\n      path: migrations\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--search-path=" + dir, "--changelog-file=" + root, "--username=" + config.User, "--password=" + config.Password,
		"--url=jdbc:postgresql://" + bridge(t, config) + "/" + config.Database,
	}
	cmd := exec.CommandContext(t.Context(), program, append(args, command...)...)
	cmd.Env = append(os.Environ(), "species=elm", "owner_schema=public")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, last(string(out)))
	}
	return nil
}

func last(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// bridge is an address of TCP that leads to the server, which listens on a socket of the file system that Java cannot open.
func bridge(t *testing.T, config *pgx.ConnConfig) string {
	t.Helper()
	network, address := "tcp", net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if strings.HasPrefix(config.Host, "/") {
		network, address = "unix", filepath.Join(config.Host, ".s.PGSQL."+strconv.Itoa(int(config.Port)))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go join(client, network, address)
		}
	}()
	return listener.Addr().String()
}

func join(client net.Conn, network, address string) {
	server, err := net.Dial(network, address)
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		_, err := io.Copy(server, client)
		_ = errors.Join(err, server.Close())
	}()
	_, err = io.Copy(client, server)
	_ = errors.Join(err, client.Close())
}

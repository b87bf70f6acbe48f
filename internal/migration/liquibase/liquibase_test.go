package liquibase_test

import (
	"context"
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

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/migration/liquibase"
	"github.com/headgate/headgate/internal/migration/migrationtest"
	"github.com/headgate/headgate/internal/postgres/postgrestest"
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
			"plain_sql":   "and plain SQL never has one",
			"last_empty":  "nor has a changeset without a line of its own",
		},
	})
}

// TestRunsAgain: what changed, and what always runs, is noted in the row that it has. The rows are those that release 4.33.0 left.
func TestRunsAgain(t *testing.T) {
	config := postgrestest.Database(t, postgrestest.Start(t)).Config()
	tree := files("m/a.sql", "--liquibase formatted sql\n--changeset ann:1 runOnChange:true\nCREATE OR REPLACE VIEW seen AS SELECT 1 AS id;\n--changeset ann:2 runAlways:true\nSELECT 1;\n")
	for range 2 {
		h, err := liquibase.Format{}.Read(tree, "m")
		if err != nil {
			t.Fatal(err)
		}
		m, err := liquibase.Format{}.Migrator(tree, h, migration.Target{Database: config})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range h.Revisions {
			if _, err := m.Apply(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		tree = files("m/a.sql", "--liquibase formatted sql\n--changeset ann:1 runOnChange:true labels:new\nCREATE OR REPLACE VIEW seen AS SELECT 2 AS id;\n--changeset ann:2 runAlways:true\nSELECT 1;\n")
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT concat_ws(' ', id, orderexecuted, exectype, md5sum, labels) FROM databasechangelog ORDER BY orderexecuted`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1 3 RERAN 9:5e6e826d9ae0cc0dcc2a5cdce6673715 new", "2 4 RERAN 9:0a7ed49c904abc7110aa09324b49f106"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
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
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
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
			go join(t.Context(), client, network, address)
		}
	}()
	return listener.Addr().String()
}

func join(ctx context.Context, client net.Conn, network, address string) {
	server, err := (&net.Dialer{}).DialContext(ctx, network, address)
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

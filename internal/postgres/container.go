package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// containerLeash is the container's first process. Its standard input is the leash: Docker closes it when
// the one client that is attached goes (StdinOnce). Where the first process of a PID namespace ends, the
// kernel kills all others (pid_namespaces(7)). The arguments are the image's own entrypoint and command.
const containerLeash = `exec 3<&0
trap 'exit 0' TERM INT QUIT
{ cat <&3 >/dev/null; kill -TERM 1; } &
"$@" </dev/null 3<&- &
wait $!`

// startContainer starts the server in a container beside, which need not be on this machine.
func (s *starter) startContainer(ctx context.Context) (*Server, error) {
	quietTestcontainers()
	cli, err := s.connectDocker(ctx)
	if err != nil {
		return nil, err
	}
	c := &serverContainer{cli: cli, run: randomName(), password: rand.Text()}
	conn, err := c.start(ctx, s)
	if err != nil {
		return nil, errors.Join(err, c.stop(context.WithoutCancel(ctx)))
	}
	return s.adopt(ctx, instance{provider: Container, conn: conn, stop: c.stop, inMemory: true})
}

// serverContainer is the container of one run.
type serverContainer struct {
	cli      *client.Client
	run      string // the value of labelRun
	id       string // empty until it is made
	password string // the superuser's
	leash    *client.ContainerAttachResult
	log      tail          // the end of what the server printed
	ended    chan struct{} // closed when the container has printed its last; nil until it is attached to
	asked    bool          // whether the engine was asked to make it
}

func (s *starter) image() string {
	if s.Image != "" {
		return s.Image
	}
	version := s.Version
	if version == "" {
		version = DefaultVersion
	}
	return "postgres:" + version + "-alpine"
}

func (c *serverContainer) start(ctx context.Context, s *starter) (conn *pgx.Conn, err error) {
	image := s.image()
	inspected, err := s.inspectImage(ctx, c.cli, image)
	if err != nil {
		return nil, err
	}
	if inspected.Config == nil {
		return nil, fmt.Errorf("the engine tells nothing of the image %s", image)
	}
	if err := reapContainers(ctx, c.cli, time.Now()); err != nil {
		s.Warn(fmt.Sprintf("A container that an earlier run left is still there: %v.", err))
	}
	provider, err := testcontainersProvider(ctx, c.cli)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	// Making it is not given up half-way: the engine would go on, and the container be found by its label only.
	create, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.readyTimeout)
	defer cancel()
	c.asked = true
	made, err := provider.CreateContainer(create, c.request(image, append(slices.Clone(inspected.Config.Entrypoint), inspected.Config.Cmd...), slices.Sorted(maps.Keys(inspected.Config.Volumes))))
	if made != nil {
		c.id = made.GetContainerID()
	}
	if err != nil {
		return nil, err
	}
	if err := c.attach(create); err != nil {
		return nil, fmt.Errorf("attaching to the container: %w", err)
	}
	if err := made.Start(ctx); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeoutCause(ctx, s.readyTimeout, fmt.Errorf("the container's server did not answer within %v", s.readyTimeout))
	defer stop()
	conn, err = s.reach(ctx, c)
	if err != nil {
		return nil, c.withLog(err)
	}
	return conn, nil
}

// request describes the container. command is the image's own entrypoint and command, volumes the folders
// that the image declares as such: the data is on one of them, and each would become a volume on disk.
func (c *serverContainer) request(image string, command, volumes []string) testcontainers.ContainerRequest {
	if len(volumes) == 0 {
		volumes = []string{"/var/lib/postgresql/data"}
	}
	tmpfs := map[string]string{}
	for _, v := range volumes {
		tmpfs[v] = "rw"
	}
	return testcontainers.ContainerRequest{
		Image:        image,
		ExposedPorts: []string{"5432/tcp"},
		Env: map[string]string{
			"POSTGRES_PASSWORD":         c.password,
			"POSTGRES_USER":             "postgres",
			"POSTGRES_DB":               "postgres",
			"POSTGRES_HOST_AUTH_METHOD": "scram-sha-256",
			// TZ spares initdb the reading of every time zone to find the machine's own.
			"TZ":                   "UTC",
			"POSTGRES_INITDB_ARGS": "--no-sync --encoding=UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256",
			// A folder of its own below the mount, for an image may run as another user than root, who
			// could not change the mode of the mount itself.
			"PGDATA": path.Join(volumes[0], "headgate"),
		},
		Labels:     map[string]string{labelHeadgate: "1", labelRun: c.run},
		Tmpfs:      tmpfs,
		Entrypoint: []string{"sh", "-c", containerLeash, "headgate"},
		Cmd:        append(command, settingArgs(serverSettings())...),
		ConfigModifier: func(config *container.Config) {
			config.OpenStdin, config.StdinOnce, config.AttachStdin = true, true, true
			config.AttachStdout, config.AttachStderr = true, true
		},
		HostConfigModifier: func(host *container.HostConfig) {
			host.AutoRemove = true
			host.LogConfig = container.LogConfig{Type: "none"} // the leash carries the output
		},
	}
}

// attach takes the leash, and reads what the server prints.
func (c *serverContainer) attach(ctx context.Context) error {
	leash, err := c.cli.ContainerAttach(ctx, c.id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return err
	}
	c.leash, c.ended = &leash, make(chan struct{})
	go func() {
		defer close(c.ended)
		_, _ = stdcopy.StdCopy(&c.log, &c.log, leash.Reader) // how the stream ends says nothing of the server
		_, _ = io.Copy(io.Discard, leash.Reader)
	}()
	return nil
}

// withLog adds the server's last words to an error.
func (c *serverContainer) withLog(err error) error {
	if last := c.log.lastLines(); last != "" {
		return fmt.Errorf("%w; the container printed: %s", err, last)
	}
	return err
}

// stop removes the container.
func (c *serverContainer) stop(ctx context.Context) error {
	defer c.cli.Close()
	if !c.asked {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	var err error
	if c.id != "" {
		err = removeContainer(ctx, c.cli, c.id)
	} else {
		err = removeRun(ctx, c.cli, c.run)
	}
	if c.leash != nil {
		c.leash.Close()
		<-c.ended
	}
	if err != nil {
		return fmt.Errorf("removing the container (docker rm -f %s): %w", strings.TrimSpace(c.id), err)
	}
	return nil
}

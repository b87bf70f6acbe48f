package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// The labels of a run's container.
const (
	labelHeadgate = "headgate"     // "1" on every container of Headgate's
	labelRun      = "headgate.run" // the run's name
)

// quietTestcontainers sets what testcontainers takes from the process alone, before its first use: it
// prints to stderr, and starts a second container (Ryuk) to clean up, which the leash makes needless.
// A user who sets TESTCONTAINERS_RYUK_DISABLED=false gets Ryuk.
var quietTestcontainers = sync.OnceFunc(func() {
	log.SetDefault(log.NewNoopLogger())
	if os.Getenv("TESTCONTAINERS_RYUK_DISABLED") == "" {
		_ = os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true") // the name is valid, so it cannot fail
	}
})

// connectDocker finds the Docker engine that answers. testcontainers would look for it by itself, but it
// passes over a dead DOCKER_HOST in silence, and waits for ever for an engine that hangs.
func (s *starter) connectDocker(ctx context.Context) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, s.pingTimeout)
	defer cancel()
	if host := s.Env("DOCKER_HOST"); host != "" {
		cli, err := s.dial(ctx, host)
		if err != nil {
			return nil, fmt.Errorf("DOCKER_HOST=%s does not answer: %w", host, err)
		}
		return cli, nil
	}
	var errs []error
	hosts := s.dockerSockets()
	for _, host := range hosts {
		if path, isSocket := strings.CutPrefix(host, "unix://"); isSocket {
			if _, err := os.Stat(path); err != nil {
				continue
			}
		}
		cli, err := s.dial(ctx, host)
		if err == nil {
			return cli, nil
		}
		errs = append(errs, fmt.Errorf("%s does not answer: %w", host, err))
	}
	if len(errs) == 0 {
		return nil, fmt.Errorf("no Docker engine: DOCKER_HOST is not set, and there is no socket at %s", strings.Join(hosts, ", "))
	}
	return nil, errors.Join(errs...)
}

// dockerSockets are the places that testcontainers knows too
// (https://golang.testcontainers.org/features/configuration/#docker-host-detection).
func (s *starter) dockerSockets() []string {
	if runtime.GOOS == "windows" {
		return []string{client.DefaultDockerHost}
	}
	hosts := []string{"unix:///var/run/docker.sock"}
	if dir := s.Env("XDG_RUNTIME_DIR"); dir != "" {
		hosts = append(hosts, "unix://"+filepath.Join(dir, "docker.sock"))
	}
	if home := s.Env("HOME"); home != "" {
		hosts = append(hosts,
			"unix://"+filepath.Join(home, ".docker/run/docker.sock"),
			"unix://"+filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	return append(hosts, fmt.Sprintf("unix:///run/user/%d/docker.sock", os.Getuid()))
}

func (s *starter) dial(ctx context.Context, host string) (*client.Client, error) {
	opts := []client.Opt{client.WithHost(host)}
	if dir := s.Env("DOCKER_CERT_PATH"); dir != "" && strings.HasPrefix(host, "tcp://") {
		opts = append(opts, client.WithTLSClientConfig(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")))
	}
	cli, err := client.New(opts...)
	if err != nil {
		return nil, err
	}
	if _, err := cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true, ForceNegotiate: true}); err != nil {
		cli.Close()
		return nil, err
	}
	return cli, nil
}

// testcontainersProvider hands our client to testcontainers. Its own discovery runs first and takes no
// context, so it is not awaited for longer than ctx.
func testcontainersProvider(ctx context.Context, cli *client.Client) (*testcontainers.DockerProvider, error) {
	type result struct {
		provider testcontainers.GenericProvider
		err      error
	}
	done := make(chan result, 1)
	go func() {
		p, err := testcontainers.ProviderDefault.GetProvider(testcontainers.WithLogger(log.NewNoopLogger()))
		done <- result{p, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-done:
		if r.err != nil {
			return nil, r.err
		}
		p, ok := r.provider.(*testcontainers.DockerProvider)
		if !ok {
			return nil, fmt.Errorf("testcontainers gave a %T", r.provider)
		}
		p.SetClient(cli)
		return p, nil
	}
}

// pullStalledError ends a pull that stands still.
type pullStalledError struct{ after time.Duration }

func (e pullStalledError) Error() string {
	return fmt.Sprintf("the pull made no progress for %v", e.after)
}

// inspectImage gives the image's own settings, and pulls it first where it is not there.
func (s *starter) inspectImage(ctx context.Context, cli *client.Client, image string) (client.ImageInspectResult, error) {
	found, err := cli.ImageInspect(ctx, image)
	if err == nil || !errdefs.IsNotFound(err) {
		return found, err
	}
	s.Progress(fmt.Sprintf("Pulling the image %s.", image))
	if err := s.pull(ctx, cli, image); err != nil {
		return found, fmt.Errorf("the image %s is not there and cannot be pulled: %w", image, err)
	}
	return cli.ImageInspect(ctx, image)
}

// pull pulls an image. testcontainers would wait for ever, and reads no error that comes in the stream.
func (s *starter) pull(ctx context.Context, cli *client.Client, image string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(s.pullStall, func() { cancel(pullStalledError{s.pullStall}) })
	defer stall.Stop()
	cause := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	stream, err := cli.ImagePull(ctx, image, client.ImagePullOptions{RegistryAuth: registryAuth(ctx, image)})
	if err != nil {
		return cause(err)
	}
	defer stream.Close()
	var seen pullProgress
	for message, err := range stream.JSONMessages(ctx) {
		if err != nil {
			return cause(err)
		}
		if message.Error != nil {
			return message.Error
		}
		if seen.advances(message) {
			stall.Reset(s.pullStall)
		}
	}
	return cause(nil)
}

// pullProgress is how far each layer has come.
type pullProgress map[string]int64

// advances says whether a message tells of something new. An engine that waits repeats itself, or counts
// down to its next try.
func (p *pullProgress) advances(m jsonstream.Message) bool {
	if strings.HasPrefix(m.Status, "Retrying") || m.Status == "Waiting" {
		return false
	}
	if *p == nil {
		*p = pullProgress{}
	}
	key := m.ID + "\x00" + m.Status
	var current int64
	if m.Progress != nil {
		current = m.Progress.Current
	}
	if before, known := (*p)[key]; known && current <= before {
		return false
	}
	(*p)[key] = current
	return true
}

// registryAuth is the user's login at the image's registry, empty where there is none: most images are public.
func registryAuth(ctx context.Context, image string) string {
	_, auth, err := testcontainers.DockerImageAuth(ctx, image)
	if err != nil || auth == (registry.AuthConfig{}) {
		return ""
	}
	encoded, err := authconfig.Encode(auth)
	if err != nil {
		return ""
	}
	return encoded
}

// The leash ends a container whose run is gone, so what is reaped is what the leash cannot reach.
const (
	startGrace  = 10 * time.Minute // a container that was made and never started
	maxLifetime = 24 * time.Hour   // an engine that did not notice the end of a connection
)

// stale says whether a container of Headgate's is nobody's any more. A running container is its run's
// own, for the leash holds; process ids would say nothing, for the run can be in another PID namespace.
func stale(c container.Summary, now time.Time) bool {
	age := now.Sub(time.Unix(c.Created, 0))
	switch c.State {
	case container.StateRunning, container.StatePaused, container.StateRestarting:
		return age > maxLifetime
	default:
		return age > startGrace
	}
}

// reapContainers removes what runs left that were killed.
func reapContainers(ctx context.Context, cli *client.Client, now time.Time) error {
	list, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", labelHeadgate+"=1")})
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range list.Items {
		if stale(c, now) {
			errs = append(errs, removeContainer(ctx, cli, c.ID))
		}
	}
	return errors.Join(errs...)
}

// removeRun removes a run's container by its label, so that one is found too whose creation was not answered.
func removeRun(ctx context.Context, cli *client.Client, run string) error {
	list, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", labelRun+"="+run)})
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range list.Items {
		errs = append(errs, removeContainer(ctx, cli, c.ID))
	}
	return errors.Join(errs...)
}

func removeContainer(ctx context.Context, cli *client.Client, id string) error {
	_, err := cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	// The engine removes it by itself too (AutoRemove), and answers the second with a conflict.
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	if !errdefs.IsConflict(err) {
		return err
	}
	return awaitRemoval(ctx, cli, id)
}

func awaitRemoval(ctx context.Context, cli *client.Client, id string) error {
	wait := cli.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	select {
	case <-wait.Result:
		return nil
	case err := <-wait.Error:
		if errdefs.IsNotFound(err) {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

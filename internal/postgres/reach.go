package postgres

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// reach connects to the container's server by whatever way leads there. Which one does depends on where
// this process is: on the host, in a container beside (a Docker action), or on a host that has /.dockerenv
// though it is no container. So nothing is guessed: all are tried at once, and the first that answers SQL
// with the run's password is it.
func (s *starter) reach(ctx context.Context, c *serverContainer) (*pgx.Conn, error) {
	var inspected client.ContainerInspectResult
	err := poll(ctx, c.ended, func() (err error) {
		// An engine in a virtual machine publishes the port a moment after the start.
		if inspected, err = c.cli.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{}); err != nil {
			return err
		}
		if mappedPort(inspected.Container) == 0 {
			return errors.New("the engine has not published port 5432")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	routes, _ := os.ReadFile(s.routes) // there is none outside Linux
	addresses := candidates(inspected.Container, c.cli.DaemonHost(), s.Env("TESTCONTAINERS_HOST_OVERRIDE"), gateway(string(routes)))
	return firstAnswer(ctx, addresses, c.password, c.ended)
}

// candidates are the addresses at which the server may be, each once.
func candidates(c container.InspectResponse, engine, override, gateway string) []address {
	hosts := []string{override, "127.0.0.1", gateway}
	if u, err := url.Parse(engine); err == nil && u.Scheme != "unix" && u.Scheme != "npipe" {
		hosts = append(hosts, u.Hostname())
	}
	var addresses []address
	add := func(host string, port uint16) {
		if a := (address{host, port}); host != "" && !slices.Contains(addresses, a) {
			addresses = append(addresses, a)
		}
	}
	if port := mappedPort(c); port != 0 {
		for _, host := range hosts {
			add(host, port)
		}
	}
	if c.NetworkSettings != nil {
		for _, name := range slices.Sorted(maps.Keys(c.NetworkSettings.Networks)) {
			if n := c.NetworkSettings.Networks[name]; n != nil && n.IPAddress.IsValid() {
				add(n.IPAddress.String(), containerPort)
			}
		}
	}
	return addresses
}

const containerPort = 5432

// mappedPort is the engine's port that leads to the container's server; 0 where there is none.
func mappedPort(c container.InspectResponse) uint16 {
	if c.NetworkSettings == nil {
		return 0
	}
	for port, bindings := range c.NetworkSettings.Ports {
		if port.Num() == containerPort && len(bindings) > 0 {
			n, _ := strconv.ParseUint(bindings[0].HostPort, 10, 16) // 0 is none
			return uint16(n)
		}
	}
	return 0
}

// gateway reads the IPv4 address of the default route from the text of /proc/net/route: hexadecimal, in
// the byte order of the machine, which is little-endian wherever Docker runs but on s390x. Empty where
// there is none.
func gateway(routes string) string {
	lines := bufio.NewScanner(strings.NewReader(routes))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 || fields[1] != "00000000" {
			continue
		}
		b, err := hex.DecodeString(fields[2])
		if err != nil || len(b) != net.IPv4len {
			continue
		}
		slices.Reverse(b)
		if ip := net.IP(b); !ip.IsUnspecified() {
			return ip.String()
		}
	}
	return ""
}

// firstAnswer connects to the first address where a server takes the password.
func firstAnswer(ctx context.Context, addresses []address, password string, ended <-chan struct{}) (*pgx.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type answer struct {
		conn *pgx.Conn
		err  error
	}
	answers := make(chan answer)
	for _, a := range addresses {
		go func() {
			conn, err := connectWhenUp(ctx, a, password, ended)
			answers <- answer{conn, err}
		}()
	}
	var first *pgx.Conn
	var errs []error
	for range addresses { // all are awaited, so that no connection is left to a goroutine
		a := <-answers
		switch {
		case a.err != nil:
			errs = append(errs, a.err)
		case first == nil:
			first = a.conn
			cancel(errors.New("another address answered"))
		default:
			_ = a.conn.PgConn().Conn().Close()
		}
	}
	if first != nil {
		return first, nil
	}
	return nil, errors.Join(errs...)
}

// connectWhenUp tries an address until the server there answers, it has ended, or ctx has.
func connectWhenUp(ctx context.Context, a address, password string, ended <-chan struct{}) (conn *pgx.Conn, err error) {
	config, err := adminConfig(a, password)
	if err != nil {
		return nil, err
	}
	err = poll(ctx, ended, func() (err error) {
		conn, err = pgx.ConnectConfig(ctx, config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%v: %w", a, err)
	}
	return conn, nil
}

// poll calls try until it succeeds. It gives up when ctx ends, or with the server. A server that comes up
// tells nobody, so it is asked again: after 5 ms first, and after 100 ms at most.
func poll(ctx context.Context, ended <-chan struct{}, try func() error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	pause := 5 * time.Millisecond
	var last error
	for {
		select {
		case <-timer.C:
		case <-ended:
			return errors.New("the server ended before it answered")
		case <-ctx.Done():
			if last != nil {
				return fmt.Errorf("%w (last try: %w)", context.Cause(ctx), last)
			}
			return context.Cause(ctx)
		}
		if last = try(); last == nil {
			return nil
		}
		timer.Reset(pause)
		pause = min(pause*3/2, 100*time.Millisecond)
	}
}
